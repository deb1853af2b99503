//! What only the shell can do: the link, the first page, closing, saving a picture.

use super::Answer;
use crate::{link::Links, picture::Picture};
use countersign_client::view::{LinkView, PictureInput};
use tauri::{AppHandle, Runtime, State, WebviewWindow};
use tauri_plugin_dialog::DialogExt as _;
use tokio::sync::oneshot;

/// The case that the app was opened with, once. The page must listen to `link-opened`
/// before it asks: later links come as that event.
#[tauri::command]
pub fn take_link(links: State<'_, Links>) -> Option<LinkView> {
    links.take()
}

/// The first page is painted.
#[tauri::command]
pub fn window_ready() {
    tracing::info!("the page is painted");
}

/// Closes the app although something is unsent.
#[tauri::command]
pub fn quit<R: Runtime>(app: AppHandle<R>) {
    app.exit(0);
}

/// Saves a picture where the person says; answers the file's name, or nothing when the
/// person gave up.
#[tauri::command]
pub async fn save_picture<R: Runtime>(
    window: WebviewWindow<R>,
    input: PictureInput,
) -> Answer<Option<String>> {
    let picture = Picture::read(&input)?;
    let (chosen, file) = oneshot::channel();
    let dialog = window.dialog().file().set_parent(&window);
    dialog
        .set_file_name(&picture.file_name)
        .add_filter(picture.ending.to_uppercase(), &[picture.ending])
        .save_file(move |file| {
            // A window that is gone waits for no answer.
            let _ = chosen.send(file);
        });
    let Ok(Some(file)) = file.await else { return Ok(None) };
    match file.into_path() {
        Ok(path) => picture.write(&path).map(Some),
        Err(_) => Ok(None),
    }
}
