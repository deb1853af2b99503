//! The desk in real windows: see `countersign_demo::desk` for what must be true.

use anyhow::Result;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_in_real_windows() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    countersign_demo::desk::play(folder.path(), source, &|chapter| println!("{chapter}")).await
}
