//! The gate's HTTP side: the agents' door, the log as C2SP tiles, and a health check.

pub mod door;

use crate::store::{Hashes, Store, StoreError};
use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use countersign_audit::{TreeError, tiles};
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

async fn health(State(store): State<Arc<Store>>) -> Response {
    match store.read(|reader| reader.log_size()) {
        Ok(_) => (StatusCode::OK, "ok\n").into_response(),
        Err(error) => broken(&error),
    }
}

async fn checkpoint(State(store): State<Arc<Store>>) -> Response {
    match store.read(|reader| reader.newest_checkpoint()) {
        Ok(Some((_, note))) => {
            ([(CONTENT_TYPE, "text/plain; charset=utf-8")], note).into_response()
        }
        Ok(None) => (StatusCode::NOT_FOUND, "the log is empty\n").into_response(),
        Err(error) => broken(&error),
    }
}

async fn tile(State(store): State<Arc<Store>>, Path(path): Path<String>) -> Response {
    match store.read(|reader| read_tile(reader, &format!("tile/{path}"))) {
        Ok(Some(bytes)) => ([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, "the log has no such tile\n").into_response(),
        Err(error) => broken(&error),
    }
}

/// The hash tile with this path, as the tree signed last has it.
fn read_tile(reader: &crate::store::Reader<'_>, path: &str) -> Result<Option<Vec<u8>>, TileError> {
    let Some((size, _)) = reader.newest_checkpoint()? else { return Ok(None) };
    // Partial tiles of older checkpoints are prefixes; only those of the newest are kept.
    for tile in tiles::new_tiles(0, size)? {
        if tile.path() == path {
            return Ok(Some(tile.bytes(&Hashes(reader))?));
        }
    }
    Ok(None)
}

fn broken(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(error = %error, "the log cannot be read");
    (StatusCode::SERVICE_UNAVAILABLE, "the gate cannot read its database now\n").into_response()
}
