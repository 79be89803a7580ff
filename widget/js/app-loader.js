// Fetches the application once for every element of the page.
/* global LAUNCHER_CSS -- the build replaces it by the text of tokens.css and launcher.css */
import { again, asset, importAsset } from './assets.js';
import { kept } from './kept.js';
import { once } from './once.js';
import { expectBuild } from './version.js';

/** The application with its WASM started and its styles in place; a failed attempt can be repeated. */
export const loadApp = once(async failures => {
  // The requests run side by side; the glue alone would ask for the WASM one round trip later.
  const ask = (name, beside) => {
    const response = fetch(again(asset(name + '.wasm', beside), failures));
    // That it failed is told by whoever uses it.
    response.catch(() => {});
    return response;
  };
  const fetched = { main: ask('_bg', () => new URL('./dm3-chat_bg.wasm', import.meta.url)) };
  // Who was not signed in when last here needs the sign-in at once: a guess.
  if (kept('signed-in') === null) {
    fetched.common = ask('-common', () => new URL('./dm3-chat-common.wasm', import.meta.url));
    fetched['sign-in'] = ask('-sign-in', () => new URL('./dm3-chat-sign-in.wasm', import.meta.url));
  }
  const glue = await importGlue(failures);
  expectBuild(glue.BUILD, 'the glue');
  await glue.start(fetched, importNames);
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
