// Fetches the application once for every element of the page.
/* global LAUNCHER_CSS -- the build replaces it by the text of tokens.css and launcher.css */
import { again, asset, importAsset } from './assets.js';
import { once } from './once.js';
import { expectBuild } from './version.js';

/** The application with its WASM started and its styles in place; a failed attempt can be repeated. */
export const loadApp = once(async failures => {
  // The requests run side by side; the glue alone would ask for the WASM one round trip later.
  const wasm = fetch(again(asset('_bg.wasm', () => new URL('./dm3-chat_bg.wasm', import.meta.url)), failures));
  // That it failed is told by whoever uses it.
  wasm.catch(() => {});
  const glue = await importGlue(failures);
  expectBuild(glue.BUILD, 'the glue');
  await glue.start(wasm, importNames);
  return glue;
});

// Bundlers need literal names.
const importGlue = failures =>
  importAsset('-app.js', () => new URL('./dm3-chat-app.js', import.meta.url), () => import('./dm3-chat-app.js'), failures);

// The rules for names outside ASCII are fetched when the first such name is met.
const importNames = once(failures =>
  importAsset('-names.js', () => new URL('./dm3-chat-names.js', import.meta.url), () => import('./dm3-chat-names.js'), failures),
);

/** The page's end of the isolated mode. */
export const loadIsolated = once(failures =>
  importAsset('-isolated.js', () => new URL('./dm3-chat-isolated.js', import.meta.url), () => import('./dm3-chat-isolated.js'), failures),
);

let launcher;

/** The launcher's styles, shared by every element. */
export function launcherSheet() {
  if (!launcher) {
    launcher = new CSSStyleSheet();
    launcher.replaceSync(LAUNCHER_CSS);
  }
  return launcher;
}
