//! A platform that lies: answers without end, redirects, and proxies of the environment.

use super::*;
use crate::google_ads::config::Credentials;
use serde_json::json;
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
        Transport::new(GoogleAdsConfig { endpoint, token_url, ..config }).unwrap()
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
        assert_eq!(error.class, ErrorClass::Operator, "the write was never sent");
        assert!(liar.written() < MAX_TOKEN_BYTES + UNDER_WAY, "{}", liar.written());
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
