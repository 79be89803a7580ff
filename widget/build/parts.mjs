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

/** `after`: the part that is loaded before it. */
export const PARTS = [
  { name: 'sign-in', split: 'sign_in', file: 'dm3-chat-sign-in.wasm', styles: ['signin'] },
  { name: 'keys', split: 'keys', file: 'dm3-chat-keys.wasm', styles: [], after: 'sign-in' },
  { name: 'chat', split: 'chat', file: 'dm3-chat-chat.wasm', styles: [] },
  { name: 'sync', split: 'sync', file: 'dm3-chat-sync.wasm', styles: [], after: 'chat' },
  { name: 'upgrade', split: 'upgrade', file: 'dm3-chat-upgrade.wasm', styles: [] },
  { name: 'backend', split: 'backend', file: 'dm3-chat-backend.wasm', styles: [], after: 'sync' },
  { name: 'backup', split: 'backup', file: 'dm3-chat-backup.wasm', styles: ['signin'], after: 'sync' },
];

/** The part called `name`, and all before it, in the order in which they are loaded. */
export function chain(name) {
  const { after } = PARTS.find(part => part.name === name);
  return [...(after ? chain(after) : []), name];
}

/** Which of the parts called `names` has what they share: the one that is loaded before all others. The main file, if none is. */
export function holder(names) {
  return PARTS.find(({ name }) => names.includes(name) && names.every(other => chain(other).includes(name))) ?? MAIN;
}

/** What is neither WASM nor glue of it. */
export const FILES = { loader: 'dm3-chat.js', glue: 'dm3-chat-app.js', names: 'dm3-chat-names.js' };

/** Styles that the loader carries. */
export const LAUNCHER_STYLES = ['tokens', 'launcher'];
