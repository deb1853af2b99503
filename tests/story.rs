//! The main end-to-end test: see `countersign_demo::story` for what must be true.

use anyhow::Result;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn first_whole_decision() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    countersign_demo::story::play(folder.path(), source, &|chapter| println!("{chapter}")).await
}
