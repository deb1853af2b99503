//! A device that speaks to a relay over real HTTP.

use countersign_model::{DeviceId, Signer as _, WorkspaceId, signature::SigningKey};
use countersign_sync::{
    EpochKey, WriterState, sign_request,
    wire::{self, ApiError, CreateWorkspace, DeviceEntry, DeviceList, Page, Pushed},
};
use reqwest::{Client, Method, Response, StatusCode};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};
use uuid::Uuid;

pub const TOKEN: &str = "operator-token-of-the-tests";

pub fn workspace() -> WorkspaceId {
    WorkspaceId::from_uuid(Uuid::from_u128(1))
}

pub fn device(number: u8) -> DeviceId {
    DeviceId::from_uuid(Uuid::from_u128(0x100 + u128::from(number)))
}

pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// Unique within the run, and across runs of one second.
pub fn nonce() -> [u8; 16] {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    nonce[8..12].copy_from_slice(&clock.to_be_bytes());
    nonce
}

pub struct Device {
    pub http: Client,
    pub base: String,
    pub number: u8,
    pub key: SigningKey,
}

impl Device {
    pub fn new(base: &str, number: u8) -> Self {
        let key = SigningKey::from_seed(&[number; 32]);
        Self { http: Client::new(), base: base.to_owned(), number, key }
    }

    pub fn id(&self) -> DeviceId {
        device(self.number)
    }

    pub async fn send(&self, method: Method, target: &str, body: Vec<u8>) -> Response {
        self.send_at(method, target, body, now(), nonce()).await
    }

    pub async fn send_at(
        &self,
        method: Method,
        target: &str,
        body: Vec<u8>,
        created: i64,
        nonce: [u8; 16],
    ) -> Response {
        let headers =
            sign_request(method.as_str(), target, &body, self.id(), &self.key, created, &nonce)
                .unwrap();
        let mut request = self.http.request(method, format!("http://{}{target}", self.base));
        for (name, value) in headers.iter() {
            request = request.header(name, value);
        }
        request.body(body).send().await.unwrap()
    }

    pub async fn create(&self) {
        let path = wire::workspace_path(workspace());
        let body = CreateWorkspace { device: self.id(), key: self.key.public_key() };
        let request = self.http.put(format!("http://{}{path}", self.base)).bearer_auth(TOKEN);
        let answer = request.json(&body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    }

    pub async fn set_devices(&self, devices: &[(u8, bool)]) -> Response {
        let entry = |(number, revoked): &(u8, bool)| DeviceEntry {
            device: device(*number),
            key: SigningKey::from_seed(&[*number; 32]).public_key(),
            revoked: *revoked,
        };
        let list = DeviceList { devices: devices.iter().map(entry).collect() };
        let body = serde_json::to_vec(&list).unwrap();
        self.send(Method::PUT, &wire::devices_path(workspace()), body).await
    }

    pub async fn push(&self, records: &[Vec<u8>]) -> Response {
        let batch = wire::encode_batch(records).unwrap();
        self.send(Method::POST, &wire::records_path(workspace()), batch).await
    }

    pub async fn put_blobs(&self, blobs: &[&[u8]]) -> Response {
        let upload = wire::encode_blobs(blobs).unwrap();
        self.send(Method::POST, &wire::blobs_path(workspace()), upload).await
    }

    pub async fn pushed(&self, records: &[Vec<u8>]) -> Pushed {
        let answer = self.push(records).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    }

    pub async fn page(&self, after: u64, limit: usize) -> Page {
        let path = wire::page_path(workspace(), after, limit);
        let answer = self.send(Method::GET, &path, Vec::new()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        Page::decode(&answer.bytes().await.unwrap()).unwrap()
    }

    /// Records of this device from its first on; `salt` makes another history.
    pub fn records(&self, count: u64, salt: u8) -> Vec<Vec<u8>> {
        let key = EpochKey::from_bytes(0, [0x42; 32]);
        let mut state = WriterState::new();
        let next = |seq: u64| {
            let body = format!("{{\"body\":{seq},\"budget\":\"650 USD\"}}");
            let mut nonce = [salt; 24];
            nonce[..8].copy_from_slice(&seq.to_be_bytes());
            let sealed =
                state.seal_next(workspace(), self.id(), body.as_bytes(), &key, nonce, &self.key);
            let (record, after) = sealed.unwrap();
            state = after;
            record.as_bytes().to_vec()
        };
        (0..count).map(next).collect()
    }
}

pub async fn refused(answer: Response, status: u16, code: &str) {
    assert_eq!(answer.status().as_u16(), status);
    let error: ApiError = answer.json().await.unwrap();
    assert_eq!(error.code.to_string(), code);
    assert!(!error.message.is_empty());
}
