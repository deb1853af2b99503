//! A relay that lies: bodies without end, redirects, silence, and proxies of the environment.

use super::*;
use countersign_model::{TimestampMs, signature::SigningKey};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use uuid::Uuid;

/// Far more than any answer may be, and more than sockets hold by themselves.
const ENDLESS: usize = 400_000_000;
/// What may be under way in sockets and buffers beside what the client has read.
const UNDER_WAY: usize = 16 * 1024 * 1024;

/// Answers every request with a head and this many zeros; counts requests and bytes.
struct Liar {
    base: String,
    requests: Arc<AtomicUsize>,
    written: Arc<AtomicUsize>,
}

impl Liar {
    async fn start(head: impl Into<Vec<u8>>, zeros: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (requests, written) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let counted = (requests.clone(), written.clone());
        let head = head.into();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (head, (requests, written)) = (head.clone(), counted.clone());
                tokio::spawn(async move {
                    let mut asked = vec![0; 16_384];
                    let _ = stream.read(&mut asked).await;
                    requests.fetch_add(1, Ordering::SeqCst);
                    let _ = stream.write_all(&head).await;
                    let chunk = vec![0; 100_000];
                    for _ in 0..zeros / chunk.len() {
                        if stream.write_all(&chunk).await.is_err() {
                            return;
                        }
                        written.fetch_add(chunk.len(), Ordering::SeqCst);
                    }
                });
            }
        });
        Self { base, requests, written }
    }

    fn client(&self) -> RelayClient {
        client(&self.base, Arc::new(|| TimestampMs::from_millis(1_000)))
    }

    fn written(&self) -> usize {
        self.written.load(Ordering::SeqCst)
    }
}

fn client(base: &str, clock: Clock) -> RelayClient {
    let workspace = WorkspaceId::from_uuid(Uuid::from_u128(1));
    let device = DeviceId::from_uuid(Uuid::from_u128(2));
    let signer = Arc::new(SigningKey::from_seed(&[3; 32]));
    RelayClient::new(base.parse().unwrap(), workspace, device, signer, clock).unwrap()
}

fn endless(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {ENDLESS}\r\n\r\n")
}

#[tokio::test]
async fn bodies_without_end_are_not_read_to_their_end() {
    let digest = Digest::of(b"blob");
    for head in [endless("200 OK"), "HTTP/1.1 200 OK\r\n\r\n".into()] {
        let liar = Liar::start(head, ENDLESS).await;
        assert!(matches!(liar.client().page(0).await, Err(RelayError::Unreadable)));
        assert!(liar.written() < MAX_PAGE_BYTES + UNDER_WAY, "page: {}", liar.written());
    }

    let liar = Liar::start(endless("200 OK"), ENDLESS).await;
    assert!(matches!(liar.client().push(&[vec![1]]).await, Err(RelayError::Unreadable)));
    assert!(liar.written() < UNDER_WAY, "push: {}", liar.written());

    let liar = Liar::start(endless("200 OK"), ENDLESS).await;
    assert!(matches!(liar.client().blob(digest, 1_000).await, Err(RelayError::Unreadable)));
    assert!(liar.written() < UNDER_WAY, "blob: {}", liar.written());
    let greedy = liar.client().blob(digest, u64::MAX).await;
    assert!(matches!(greedy, Err(RelayError::Unreadable)));
    assert!(liar.written() < MAX_BLOB_BYTES + 2 * UNDER_WAY, "blob: {}", liar.written());

    let liar = Liar::start(endless("500 Internal Server Error"), ENDLESS).await;
    let refused = liar.client().page(0).await;
    assert!(matches!(refused, Err(RelayError::Refused { code, .. }) if code == Code::Unknown));
    assert!(liar.written() < UNDER_WAY, "refusal: {}", liar.written());
}

#[tokio::test]
async fn a_tail_that_talks_without_end_is_ended() {
    let liar = Liar::start(endless("200 OK"), ENDLESS).await;
    let mut tail = liar.client().tail(0).await.unwrap();
    let mut chunks = 0_u32;
    while tail.says_something().await.unwrap() {
        chunks += 1;
    }
    assert!(chunks > 1);
    let most = usize::try_from(MAX_TAIL_BYTES).unwrap() + UNDER_WAY;
    assert!(liar.written() < most, "{}", liar.written());
}

/// How late the runtime's clock, which counts in milliseconds, may be.
const TICKS: Duration = Duration::from_millis(20);

/// A relay whose tail says one thing and then nothing, and stays open.
async fn of_one_word(promise: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let head = format!("HTTP/1.1 200 OK\r\n{promise}\r\n.");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = vec![0; 16_384];
        let _ = stream.read(&mut asked).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        std::future::pending::<()>().await;
    });
    base
}

#[tokio::test]
async fn a_tail_is_believed_as_long_as_it_has_promised_and_no_longer() {
    for (promise, deadline_ms) in [
        ("countersign-heartbeat-ms: 4000\r\n", 10_000),
        ("", 37_500),
        ("countersign-heartbeat-ms: 86400000\r\n", 150_000),
    ] {
        let clock: Clock = Arc::new(|| TimestampMs::from_millis(1_000));
        let mut tail = client(&of_one_word(promise).await, clock).tail(0).await.unwrap();
        assert!(tail.says_something().await.unwrap());
        tokio::time::pause();
        let begun = Instant::now();
        assert!(matches!(tail.says_something().await, Err(RelayError::Silent)), "{promise}");
        let late = begun.elapsed().checked_sub(Duration::from_millis(deadline_ms));
        assert!(late.is_some_and(|late| late < TICKS), "{promise}: {late:?}");
        tokio::time::resume();
    }
}

/// This process's time stands still while the computer sleeps; the clock does not.
#[tokio::test]
async fn a_computer_that_slept_finds_out_soon() {
    let slept_ms = Arc::new(std::sync::atomic::AtomicI64::new(0));
    let asleep = slept_ms.clone();
    let clock: Clock =
        Arc::new(move || TimestampMs::from_millis(1_000 + asleep.load(Ordering::SeqCst)));
    let mut tail = client(&of_one_word("").await, clock).tail(0).await.unwrap();
    assert!(tail.says_something().await.unwrap());
    tokio::time::pause();
    let begun = Instant::now();
    let wakes = async {
        sleep(Duration::from_secs(7)).await;
        slept_ms.store(3_600_000, Ordering::SeqCst);
    };
    let (said, ()) = tokio::join!(tail.says_something(), wakes);
    assert!(matches!(said, Err(RelayError::Silent)));
    let late = begun.elapsed().checked_sub(2 * LOOK_EVERY);
    assert!(late.is_some_and(|late| late < TICKS), "{late:?}");
}

#[tokio::test]
async fn a_wait_that_is_asked_for_and_room_that_is_used_up_are_told_apart() {
    let refuse = async |status: &str, header: &str| {
        let body = r#"{"code":"DISK_FULL","message":"words"}"#;
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\n{header}content-length: {length}\r\n\r\n{body}");
        Liar::start(head, 0).await.client().push(&[vec![1]]).await.unwrap_err()
    };
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        let error = refuse(status, "retry-after: 7\r\n").await;
        let RelayError::Later { wait, code } = error else { panic!("{error:?}") };
        assert_eq!((wait.as_secs(), code), (7, Code::DiskFull));
    }
    let error = refuse("507 Insufficient Storage", "").await;
    assert!(matches!(error, RelayError::Full { code: Code::DiskFull }));
    let error = refuse("409 Conflict", "retry-after: 7\r\n").await;
    assert!(matches!(error, RelayError::Refused { status, .. } if status == StatusCode::CONFLICT));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let other = Liar::start(endless("200 OK"), 0).await;
    let head = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: {}/\r\ncontent-length: 0\r\n\r\n",
        other.base
    );
    let liar = Liar::start(head, 0).await;
    let answer = liar.client().page(0).await;
    assert!(matches!(answer, Err(RelayError::Refused { status, .. }) if status.as_u16() == 307));
    assert_eq!(other.requests.load(Ordering::SeqCst), 0);
}

/// Run by the test below in a process of its own, where the environment names a proxy.
#[tokio::test]
async fn a_page_of_a_relay_on_this_computer_comes_through() {
    let page = Page { records: vec![], head: 7 }.encode().unwrap();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", page.len());
    let liar = Liar::start([head.into_bytes(), page].concat(), 0).await;
    assert_eq!(liar.client().page(0).await.unwrap().head, 7);
}

#[test]
fn no_proxy_of_the_environment_is_asked_for_this_computer() {
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    {
        // Nothing listens there.
        again.env(name, "http://127.0.0.1:1");
    }
    let test = concat!(module_path!(), "::a_page_of_a_relay_on_this_computer_comes_through");
    let (_, test) = test.split_once("::").unwrap();
    let output = again
        .env_remove("no_proxy")
        .env_remove("NO_PROXY")
        .args(["--exact", test])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn only_this_computer_is_loopback() {
    for (address, expected) in [
        ("http://127.0.0.1:9", true),
        ("http://127.9.9.9", true),
        ("http://[::1]:80/x", true),
        ("http://[::ffff:127.0.0.1]/", true),
        ("http://localhost:8443", true),
        ("http://LOCALHOST./", true),
        ("http://relay.localhost", true),
        ("http://relay.example", false),
        ("http://localhost.example", false),
        ("http://10.0.0.1", false),
        ("http://[2001:db8::1]", false),
    ] {
        assert_eq!(is_loopback(&address.parse().unwrap()), expected, "{address}");
    }
}
