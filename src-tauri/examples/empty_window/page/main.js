// Says that the page is painted the way the app's page does.
requestAnimationFrame(() => requestAnimationFrame(() => window.__TAURI_INTERNALS__.invoke('window_ready')));
