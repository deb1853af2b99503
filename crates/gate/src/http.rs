//! The gate's HTTP side: the agents' door, the log as C2SP tiles, and a health check.

pub mod door;

use crate::store::{Hashes, Store, StoreError};
use axum::{
    Router,
    extract::{Path, State},
    http::{
        HeaderName, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use countersign_audit::{TreeError, tiles::Tile};
use countersign_model::causes::in_full;
use std::sync::Arc;

/// Why a tile could not be given.
#[derive(Debug, thiserror::Error)]
enum TileError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// The log's heads and hash tiles for witnesses, and `/healthz`. None needs a token, because
/// hashes tell nothing. Entries name amounts and reasons, so bundles of them are not served:
/// desktops get them sealed, auditors by `export`.
pub fn log_router(store: Arc<Store>) -> Router {
    Router::new()
        .route(countersign_door::HEALTH, get(health))
        .route("/log/checkpoint", get(checkpoint))
        .route("/log/tile/{*path}", get(tile))
        .with_state(store)
}

/// What a path of a tile stands for never changes.
const FOR_EVER: (HeaderName, &str) = (CACHE_CONTROL, "public, max-age=31536000, immutable");
/// The head grows, and a tile that is not there yet will be.
const NEVER: (HeaderName, &str) = (CACHE_CONTROL, "no-store");

async fn health(State(store): State<Arc<Store>>) -> Response {
    match store.read(|reader| reader.log_size()) {
        Ok(_) => (StatusCode::OK, [NEVER], "ok\n").into_response(),
        Err(error) => broken(&error),
    }
}

async fn checkpoint(State(store): State<Arc<Store>>) -> Response {
    match store.read(|reader| reader.newest_checkpoint()) {
        Ok(Some((_, note))) => {
            ([(CONTENT_TYPE, "text/plain; charset=utf-8"), NEVER], note).into_response()
        }
        Ok(None) => (StatusCode::NOT_FOUND, [NEVER], "the log is empty\n").into_response(),
        Err(error) => broken(&error),
    }
}

async fn tile(State(store): State<Arc<Store>>, Path(path): Path<String>) -> Response {
    match store.read(|reader| read_tile(reader, &format!("tile/{path}"))) {
        Ok(Some(bytes)) => {
            ([(CONTENT_TYPE, "application/octet-stream"), FOR_EVER], bytes).into_response()
        }
        Ok(None) => (StatusCode::NOT_FOUND, [NEVER], "the log has no such tile\n").into_response(),
        Err(error) => broken(&error),
    }
}

/// The hash tile with this path, if the tree signed last has it. A partial tile is a prefix of
/// the full one, so those of every earlier checkpoint are given too, and for ever.
fn read_tile(reader: &crate::store::Reader<'_>, path: &str) -> Result<Option<Vec<u8>>, TileError> {
    let Some((size, _)) = reader.newest_checkpoint()? else { return Ok(None) };
    let tile = Tile::in_tree(path, size);
    Ok(tile.map(|tile| tile.bytes(&Hashes(reader))).transpose()?)
}

fn broken(error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::error!(error = %in_full(error), "the log cannot be read");
    (StatusCode::SERVICE_UNAVAILABLE, [NEVER], "the gate cannot read its database now\n")
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use countersign_audit::{MemoryHashes, tiles, tree};

    /// Over two full tiles, so that the level above has several widths too.
    const ENTRIES: u64 = 520;

    async fn get(store: &Arc<Store>, path: &str) -> (u16, String, Vec<u8>) {
        let path = Path(path.strip_prefix("tile/").unwrap().to_owned());
        let answer = tile(State(Arc::clone(store)), path).await;
        let status = answer.status().as_u16();
        let header = |name| answer.headers()[name].to_str().unwrap().to_owned();
        let headers = format!("{} {}", header(CONTENT_TYPE), header(CACHE_CONTROL));
        (status, headers, to_bytes(answer.into_body(), 9_999).await.unwrap().to_vec())
    }

    #[tokio::test]
    async fn the_tiles_of_every_checkpoint_are_given_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::create(&folder.path().join("gate.sqlite")).unwrap());
        let leaves: Vec<_> = (0..ENTRIES).map(|seq| tree::leaf_hash(&seq.to_be_bytes())).collect();
        let mut stored = MemoryHashes::default();
        stored.extend(tree::append_hashes(0, &leaves, &stored.clone()).unwrap());
        let hashes = tree::append_hashes(0, &leaves, &MemoryHashes::default()).unwrap();
        let sign = |size: u64| store.write(|tx| tx.put_checkpoint(size, &format!("of {size}")));
        store.write(|tx| tx.put_hashes(0, &hashes)).unwrap();
        sign(300).unwrap();
        assert_eq!(get(&store, "tile/0/001.p/44").await.0, 200);
        let (status, headers, _) = get(&store, "tile/0/001.p/45").await;
        assert_eq!(status, 404, "it is in the database, but nobody signed for it");
        assert!(headers.ends_with(" no-store"), "it may be there soon: {headers}");

        sign(ENTRIES).unwrap();
        for size in 1..=ENTRIES {
            for tile in tiles::new_tiles(0, size).unwrap() {
                let (status, headers, bytes) = get(&store, &tile.path()).await;
                assert_eq!((status, &bytes), (200, &tile.bytes(&stored).unwrap()), "{size}");
                let expected = "application/octet-stream public, max-age=31536000, immutable";
                assert_eq!(headers, expected);
            }
        }
        for absent in ["tile/0/002.p/9", "tile/1/000.p/3", "tile/2/000.p/1", "tile/64/000.p/1"] {
            assert_eq!(get(&store, absent).await.0, 404, "{absent}");
        }

        let head = checkpoint(State(store)).await;
        assert_eq!(head.headers()[CONTENT_TYPE], "text/plain; charset=utf-8");
        assert_eq!(head.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(to_bytes(head.into_body(), 99).await.unwrap(), "of 520");
    }
}
