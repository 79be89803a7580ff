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

export const PARTS = [
  { name: 'sign-in', split: 'sign_in', file: 'dm3-chat-sign-in.wasm', styles: ['signin'] },
  { name: 'keys', split: 'keys', file: 'dm3-chat-keys.wasm', styles: [] },
  { name: 'chat', split: 'chat', file: 'dm3-chat-chat.wasm', styles: [] },
  { name: 'sync', split: 'sync', file: 'dm3-chat-sync.wasm', styles: [] },
  { name: 'upgrade', split: 'upgrade', file: 'dm3-chat-upgrade.wasm', styles: [] },
  { name: 'backend', split: 'backend', file: 'dm3-chat-backend.wasm', styles: [] },
];

/**
 * What parts share (`of`) that are used together: fetched with whichever of them is loaded first. What other parts share
 * is in the main file.
 */
export const SHARED = [
  { name: 'sign-in-keys', of: ['sign-in', 'keys'], file: 'dm3-chat-sign-in-keys.wasm', styles: [] },
  { name: 'chat-sync', of: ['chat', 'sync'], file: 'dm3-chat-chat-sync.wasm', styles: [] },
  { name: 'sync-backend', of: ['sync', 'backend'], file: 'dm3-chat-sync-backend.wasm', styles: [] },
  {
    name: 'chat-sync-backend',
    of: ['chat', 'sync', 'backend'],
    file: 'dm3-chat-chat-sync-backend.wasm',
    styles: [],
  },
];

/** What is loaded with the part called `name`: shared files, then its own. */
export function filesOf(name) {
  return [...SHARED.filter(({ of }) => of.includes(name)).map(shared => shared.name), name];
}

/** What is neither WASM nor glue of it. */
export const FILES = { loader: 'dm3-chat.js', glue: 'dm3-chat-app.js', names: 'dm3-chat-names.js' };

/** Styles that the loader carries. */
export const LAUNCHER_STYLES = ['tokens', 'launcher'];
