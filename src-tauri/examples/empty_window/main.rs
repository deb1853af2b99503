//! A Tauri window with an empty page: what the app's start is measured against. It prints the
//! same line as the app when its page is painted.

use tauri::{WebviewUrl, WebviewWindowBuilder};

#[tauri::command]
fn window_ready() {
    tracing::info!("the page is painted");
}

fn main() -> tauri::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    tauri::Builder::default()
        .invoke_handler(tauri::generate_handler![window_ready])
        .setup(|app| {
            WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
                .inner_size(1280.0, 800.0)
                .build()?;
            Ok(())
        })
        .run(tauri::generate_context!("src-tauri/examples/empty_window/tauri.conf.json"))
}
