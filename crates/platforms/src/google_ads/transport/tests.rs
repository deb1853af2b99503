//! A platform that lies: answers without end, redirects, and proxies of the environment.

use super::*;
use crate::google_ads::{GoogleAds, config::Credentials};
use countersign_executor::Platform as _;
use countersign_model::{
    AmountLimits, CampaignStatus, Currency, EntityRef, EntityState, Money,
    change::{Budget, BudgetState, Flight},
    entity::{PlatformId, PlatformKind},
};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// Far more than any answer may be.
const ENDLESS: usize = 400_000_000;
/// What may be under way in sockets and buffers beside what was read.
const UNDER_WAY: usize = 16 * 1024 * 1024;
const TOKEN: &str = r#"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#;

/// Answers whoever asks for a token with one answer, and everybody else with another.
struct Liar {
    base: Url,
    asked: Arc<AtomicUsize>,
    written: Arc<AtomicUsize>,
}

impl Liar {
    async fn start(token: String, api: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let (asked, written) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let counted = (Arc::clone(&asked), Arc::clone(&written));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (token, api, counted) = (token.clone(), api.clone(), counted.clone());
                tokio::spawn(async move {
                    let mut request = vec![0; 16_384];
                    let count = stream.read(&mut request).await.unwrap_or(0);
                    counted.0.fetch_add(1, Ordering::SeqCst);
                    let is_token = request[..count].starts_with(b"POST /token");
                    let head = if is_token { token } else { api };
                    let _ = stream.write_all(head.as_bytes()).await;
                    let chunk = vec![b' '; 100_000];
                    for _ in 0..if head.contains("endless") { ENDLESS / chunk.len() } else { 0 } {
                        if stream.write_all(&chunk).await.is_err() {
                            return;
                        }
                        counted.1.fetch_add(chunk.len(), Ordering::SeqCst);
                    }
                });
            }
        });
        Self { base, asked, written }
    }

    fn transport(&self) -> Transport {
        let secret = |text: &str| Zeroizing::new(text.to_owned());
        let credentials = Credentials::new("client".into(), secret("s"), secret("r"));
        let token_url = self.base.join("token").unwrap();
        let endpoint = self.base.clone();
        let config = GoogleAdsConfig::new(credentials).unwrap();
        let writing = Writing::SameIdentity;
        Transport::new(GoogleAdsConfig { endpoint, token_url, writing, ..config }).unwrap()
    }

    async fn ask(&self, intent: Intent) -> Result<Answer, PlatformError> {
        self.transport().post("customers/1/x", &json!({}), intent).await
    }

    fn written(&self) -> usize {
        self.written.load(Ordering::SeqCst)
    }
}

fn whole(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn endless(status: &str, length: &str) -> String {
    format!("HTTP/1.1 {status}\r\nx-kind: endless\r\n{length}\r\n")
}

#[tokio::test]
async fn answers_without_end_are_not_read_to_their_end() {
    let (told, untold) = (format!("content-length: {ENDLESS}\r\n"), String::new());
    for length in [told, untold] {
        let liar = Liar::start(whole(TOKEN), endless("200 OK", &length)).await;
        let error = liar.ask(Intent::Write).await.err().unwrap();
        assert_eq!(error.code, "gate.ANSWER_NOT_UNDERSTOOD");
        assert_eq!(error.class, ErrorClass::Ambiguous, "nobody knows what a write has done");
        assert!(liar.written() < MAX_ANSWER_BYTES + UNDER_WAY, "{}", liar.written());

        let liar = Liar::start(whole(TOKEN), endless("500 Oh", &length)).await;
        assert_eq!(liar.ask(Intent::Read).await.err().unwrap().code, "http.500");
        assert!(liar.written() < MAX_REFUSAL_BYTES + UNDER_WAY, "{}", liar.written());

        let liar = Liar::start(endless("200 OK", &length), whole("{}")).await;
        let error = liar.ask(Intent::Write).await.err().unwrap();
        assert_eq!(error.code, "oauth.ANSWER_NOT_UNDERSTOOD");
        assert_eq!(error.class, ErrorClass::RetryAfterReread, "the write was never sent");
        assert!(liar.written() < MAX_TOKEN_BYTES + UNDER_WAY, "{}", liar.written());
    }
}

/// Case 05: what is not a refusal in OAuth's own words is no refusal.
#[tokio::test]
async fn only_a_final_answer_of_the_token_endpoint_is_final() {
    use ErrorClass::{Operator, RetryAfterReread, WaitUntil};
    let answer = |status: &str, head: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\n{head}content-length: {}\r\n\r\n{body}", body.len())
    };
    let html = "<html>Service Unavailable</html>";
    let json = |code: &str| format!("{{\"error\":\"{code}\"}}");
    for (token, class, code) in [
        (answer("503 No", "", html), RetryAfterReread, "oauth.HTTP_503"),
        (answer("500 No", "", &json("invalid_grant")), RetryAfterReread, "oauth.HTTP_500"),
        (answer("429 No", "", html), RetryAfterReread, "oauth.HTTP_429"),
        (
            answer("429 No", "retry-after: 40591\r\n", html),
            WaitUntil { delay_ms: 40_591_000 },
            "oauth.HTTP_429",
        ),
        (answer("200 OK", "", html), RetryAfterReread, "oauth.ANSWER_NOT_UNDERSTOOD"),
        (answer("403 No", "", html), RetryAfterReread, "oauth.ANSWER_NOT_UNDERSTOOD"),
        (
            answer("400 No", "", &json("temporarily_unavailable")),
            RetryAfterReread,
            "oauth.temporarily_unavailable",
        ),
        (answer("400 No", "", &json("invalid_grant")), Operator, "oauth.invalid_grant"),
        (answer("401 No", "", &json("invalid_client")), Operator, "oauth.invalid_client"),
    ] {
        let liar = Liar::start(token, whole("{}")).await;
        let error = liar.ask(Intent::Write).await.err().unwrap();
        assert_eq!((error.class, error.code.as_str()), (class, code));
    }
}

#[tokio::test]
async fn redirects_are_not_followed_with_secrets() {
    let other = Liar::start(whole(TOKEN), whole("{}")).await;
    let moved =
        format!("HTTP/1.1 307 Moved\r\nlocation: {}token\r\ncontent-length: 0\r\n\r\n", other.base);
    let liar = Liar::start(moved.clone(), whole("{}")).await;
    assert!(liar.ask(Intent::Read).await.is_err());
    let liar = Liar::start(whole(TOKEN), moved).await;
    assert_eq!(liar.ask(Intent::Read).await.err().unwrap().code, "http.307");
    assert_eq!(other.asked.load(Ordering::SeqCst), 0);
}

/// Two campaigns, with members that nobody asked for.
const CHUNK: &str = r#"{"results":[
    {"campaign":{"id":"7","name":"a","status":"ENABLED","new":1},"campaignBudget":{"resourceName":
     "customers/1/campaignBudgets/7","amountMicros":"5","period":"DAILY"},"segments":{"date":"D"},
     "customer":{"currencyCode":"USD","timeZone":"UTC"},"later":{}},
    {"campaign":{"id":"8"},"campaignBudget":{"period":"DAILY"},"segments":{"date":"E"},
     "customer":{"currencyCode":"USD"}}],
    "fieldMask":"campaign.id","requestId":"r","queryResourceConsumption":"9","summaryRow":{}}"#;

fn state_of(entity: EntityRef) -> EntityState {
    let usd = Currency::parse("USD").unwrap();
    EntityState {
        entity,
        name: "a".into(),
        resource: "customers/1/campaigns/7".into(),
        status: CampaignStatus::Enabled,
        budget: BudgetState {
            resource: "customers/1/campaignBudgets/7".into(),
            shared_by: 1,
            holds: Budget::daily(Money::from_micros(5, usd)),
            limits: AmountLimits::unknown(usd),
        },
        flight: Flight::default(),
        part: None,
        has_started: true,
        time_zone: "UTC".into(),
        account_name: "simulated".into(),
        request_id: None,
    }
}

/// Lists campaigns and reads a series from one answer; both have to agree.
async fn read_stream(rest: &str) -> Result<usize, PlatformError> {
    // The days before yesterday and yesterday.
    let day = |back: i64| {
        let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        now.checked_sub(jiff::Span::new().days(back)).unwrap().to_string()
    };
    let chunk = CHUNK.replace("\"D\"", &format!("{:?}", day(2)));
    let chunk = chunk.replace("\"E\"", &format!("{:?}", day(1)));
    let liar = Liar::start(whole(TOKEN), whole(&format!("[{chunk}{rest}]"))).await;
    let ads = GoogleAds {
        transport: liar.transport(),
        min_daily_micros: None,
        units: [(Currency::parse("USD").unwrap(), 10_000)]
            .into_iter()
            .collect::<BTreeMap<_, _>>()
            .into(),
    };
    let account_id = PlatformId::parse("1").unwrap();
    let campaign_id = PlatformId::parse("7").unwrap();
    let entity = EntityRef { platform: PlatformKind::GoogleAds, account_id, campaign_id };
    let listed = ads.list(&entity.account_id).await;
    let paced = ads.read_pacing(&state_of(entity), 30).await.map(|read| read.days.len());
    let listed = listed.map(|states| states.len());
    assert_eq!(listed, paced);
    listed
}

#[tokio::test]
async fn a_stream_is_whole_or_an_error() {
    assert_eq!(read_stream("").await, Ok(2));
    assert_eq!(read_stream(r#",{"requestId":"r","fieldMask":"x"}"#).await, Ok(2));
    let quota = r#",{"requestId":"r"},{"error":{"code":429,"message":"no","details":[
        {"errors":[{"errorCode":{"quotaError":"RESOURCE_TEMPORARILY_EXHAUSTED"}}]}]}}"#;
    for (rest, code, class) in [
        (quota, "quotaError.RESOURCE_TEMPORARILY_EXHAUSTED", ErrorClass::RetryAfterReread),
        (
            r#",{"error":{"code":503,"status":"UNAVAILABLE"}}"#,
            "http.503",
            ErrorClass::RetryAfterReread,
        ),
        (r#",{"error":{"code":500},"results":[]}"#, "http.500", ErrorClass::Ambiguous),
        (r#",{"error":null}"#, "http.200", ErrorClass::RetryAfterReread),
        (
            r#",{"results":[],"warning":"cut"}"#,
            "gate.ANSWER_NOT_UNDERSTOOD",
            ErrorClass::RetryAfterReread,
        ),
        (",[]", "gate.ANSWER_NOT_UNDERSTOOD", ErrorClass::RetryAfterReread),
        (",null", "gate.ANSWER_NOT_UNDERSTOOD", ErrorClass::RetryAfterReread),
        (r#","...""#, "gate.ANSWER_NOT_UNDERSTOOD", ErrorClass::RetryAfterReread),
    ] {
        let error = read_stream(rest).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.class), (code, class), "{rest}");
    }
}

#[tokio::test]
async fn a_write_is_in_doubt_unless_it_was_refused() {
    let with = |status: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    let transient = r#"{"error":{"code":500,"details":[{"errors":[
        {"errorCode":{"quotaError":"RESOURCE_EXHAUSTED"}},
        {"errorCode":{"internalError":"TRANSIENT_ERROR"}}]}]}}"#;
    let aborted = r#"{"error":{"code":409,"status":"ABORTED"}}"#;
    for (answer, code, class) in [
        ("HTTP/1.1 204 No Content\r\n\r\n".into(), "http.204", ErrorClass::Ambiguous),
        (with("202 Accepted", "{}"), "http.202", ErrorClass::Ambiguous),
        (with("408 Late", ""), "http.408", ErrorClass::Ambiguous),
        (with("499 Gone", "<html>"), "http.499", ErrorClass::Ambiguous),
        (with("500 Oh", transient), "internalError.TRANSIENT_ERROR", ErrorClass::Ambiguous),
        (with("409 Conflict", aborted), "http.409", ErrorClass::RetryAfterReread),
        (with("400 Bad", "{}"), "http.400", ErrorClass::Final),
    ] {
        let liar = Liar::start(whole(TOKEN), answer).await;
        let error = liar.ask(Intent::Write).await.err().unwrap();
        assert_eq!((error.code.as_str(), error.class), (code, class));
        assert_eq!(liar.asked.load(Ordering::SeqCst), 2, "a token and one write");
    }
}

/// Run by the test below in a process of its own, where the environment names a proxy.
#[tokio::test]
async fn a_platform_on_this_machine_answers() {
    let liar = Liar::start(whole(TOKEN), whole("{}")).await;
    assert!(liar.ask(Intent::Read).await.is_ok());
}

/// Run by the test below: only the token endpoint is on this machine.
#[tokio::test]
async fn a_platform_elsewhere_does_not_answer() {
    let liar = Liar::start(whole(TOKEN), whole("{}")).await;
    let mut transport = liar.transport();
    transport.config.endpoint = "https://ads.example".parse().unwrap();
    transport.http = client(&transport.config.endpoint, 200).unwrap();
    assert!(transport.post("customers/1/x", &json!({}), Intent::Read).await.is_err());
    assert_eq!(liar.asked.load(Ordering::SeqCst), 1, "for the token");
}

#[test]
fn the_proxy_of_the_environment_is_asked_for_other_machines_only() {
    for (test, is_asked) in [
        ("a_platform_on_this_machine_answers", false),
        ("a_platform_elsewhere_does_not_answer", true),
    ] {
        let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        proxy.set_nonblocking(true).unwrap();
        let address = format!("http://{}", proxy.local_addr().unwrap());
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        for name in
            ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        {
            again.env(name, &address);
        }
        let name = format!("google_ads::transport::tests::{test}");
        let output = again
            .env_remove("no_proxy")
            .env_remove("NO_PROXY")
            .args(["--exact", &name])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        assert_eq!(proxy.accept().is_ok(), is_asked, "{test}");
    }
}
