// The files of the element's WASM. The first is loaded with the application, each other when it is used.

/**
 * `name`: in `FILES` of widget/js/modules.js. `split`: the module's name in `#[wasm_split]` (widget/src/more).
 * `styles`: files of styles/ that come with it.
 */
export const MAIN = {
  name: 'main',
  file: 'dm3-chat_bg.wasm',
  styles: ['base', 'panel', 'list', 'thread', 'composer', 'states'],
};

export const PARTS = [{ name: 'sign-in', split: 'sign_in', file: 'dm3-chat-sign-in.wasm', styles: ['signin'] }];

/** What is neither WASM nor glue of it. */
export const FILES = { loader: 'dm3-chat.js', glue: 'dm3-chat-app.js', names: 'dm3-chat-names.js' };

/** Styles that the loader carries. */
export const LAUNCHER_STYLES = ['tokens', 'launcher'];
