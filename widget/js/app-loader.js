// Fetches the application once for every element of the page. All files lie beside this module.
/* global LAUNCHER_CSS -- the build replaces it by the text of tokens.css and launcher.css */

let loading;
let failures = 0;

/** The application's module with its WASM started and its styles parsed; a failed attempt can be repeated. */
export function loadApp() {
  loading ??= fetchApp().catch(error => {
    loading = undefined;
    failures += 1;
    throw error;
  });
  return loading;
}

async function fetchApp() {
  // The three requests run side by side; the glue alone would ask for the WASM one round trip later.
  const wasm = fetch(new URL('./dm3-chat_bg.wasm', import.meta.url));
  const [glue, styles] = await Promise.all([importGlue(), importStyles(), wasm]);
  await glue.default({ module_or_path: await wasm });
  glue.ChatHandle.provide_names(importNames);
  return { ChatHandle: glue.ChatHandle, sheet: sheetOf(styles.default) };
}

// Bundlers need a literal name. Browsers remember a failed import by its URL, so another attempt needs another one.
function importGlue() {
  return failures ? import(again(new URL('./dm3-chat-app.js', import.meta.url))) : import('./dm3-chat-app.js');
}

function importStyles() {
  return failures ? import(again(new URL('./dm3-chat-css.js', import.meta.url))) : import('./dm3-chat-css.js');
}

let names;
let missedNames = 0;

// The rules for names outside ASCII are fetched when the first such name is met.
function importNames() {
  names ??= (missedNames ? import(again(new URL('./dm3-chat-names.js', import.meta.url), missedNames)) : import('./dm3-chat-names.js')).catch(
    error => {
      names = undefined;
      missedNames += 1;
      throw error;
    },
  );
  return names;
}

function again(url, missed = failures) {
  url.searchParams.set('attempt', missed + 1);
  return url.href;
}

function sheetOf(css) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return sheet;
}

let launcher;

/** The launcher's styles, shared by every element. */
export function launcherSheet() {
  return (launcher ??= sheetOf(LAUNCHER_CSS));
}
