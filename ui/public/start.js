// Runs before the first paint: asks for the first page while the rest is read, and sets
// theme, contrast, density and language as the person wants them.
(() => {
  const opening = window.__TAURI_INTERNALS__?.invoke('opening');
  // Who shows the page hears of a refusal.
  opening?.catch(() => null);
  window.__COUNTERSIGN_OPENING__ = opening;
  const root = document.documentElement;
  const start = window.__COUNTERSIGN_START__;
  const settings = start?.settings;
  const theme = settings?.theme ?? 'system';
  if (theme !== 'system') root.dataset.theme = theme;
  if (settings?.contrast === 'high' || matchMedia('(prefers-contrast: more)').matches) root.dataset.contrast = 'high';
  root.dataset.density = settings?.density ?? 'comfortable';
  const language = settings?.language ?? 'system';
  root.lang = start?.language ?? ((language === 'system' ? navigator.language : language).toLowerCase().startsWith('de') ? 'de' : 'en');
})();
