// Fetches the application once for every element of the page. All files lie beside this module.
/* global LAUNCHER_CSS -- the build replaces it by the text of tokens.css and launcher.css */
import { again, appSheet, expectBuild, loadModule, loadPart } from './modules.js';
import { once } from './once.js';

/** The application with its WASM started and its styles in place; a failed attempt can be repeated. */
export const loadApp = once(async failures => {
  // The requests run side by side; the glue alone would ask for the WASM one round trip later.
  const wasm = loadModule('main');
  // Who was not signed in when last here needs the sign-in at once. A fault is told when it is shown.
  if (!wasSignedIn()) loadPart('sign-in').catch(() => {});
  const [glue, module] = await Promise.all([importGlue(failures), wasm]);
  expectBuild(glue.BUILD, 'the glue');
  glue.provideModules(loadPart);
  await glue.default({ module_or_path: module });
  glue.ChatHandle.provide_names(importNames);
  glue.ChatHandle.provide_parts(loadPart);
  return { ChatHandle: glue.ChatHandle, sheet: appSheet() };
});

/** A guess, which spares a round trip: `widget/src/adapters/page.rs` keeps it. */
function wasSignedIn() {
  try {
    return localStorage.getItem('dm3-chat:signed-in') !== null;
  } catch {
    return false;
  }
}

// Bundlers need a literal name.
function importGlue(failures) {
  return failures ? import(again(new URL('./dm3-chat-app.js', import.meta.url), failures)) : import('./dm3-chat-app.js');
}

// The rules for names outside ASCII are fetched when the first such name is met.
const importNames = once(failures =>
  failures ? import(again(new URL('./dm3-chat-names.js', import.meta.url), failures)) : import('./dm3-chat-names.js'),
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
