// The files of the element's WASM. The first is loaded with the application, each other when it is used.

/**
 * `name`: in `FILES` of widget/js/modules.js. `split`: the module's name in `#[wasm_split]` (widget/src/more).
 * `styles`: files of styles/ that come with it.
 */
export const MAIN = {
  name: 'main',
  file: 'dm3-chat_bg.wasm',
  styles: ['palette', 'base', 'panel', 'list', 'thread', 'composer', 'states'],
};

/**
 * `after`: the parts that are loaded before it, which stand before it here, too. Those without a `split` have what others
 * share: nobody asks for them.
 */
export const PARTS = [
  // Of signing in and of being signed in, and of what hardly anybody needs.
  { name: 'common', file: 'dm3-chat-common.wasm', styles: [], after: [] },
  { name: 'sign-in', split: 'sign_in', file: 'dm3-chat-sign-in.wasm', styles: ['signin'], after: ['common'] },
  // Of two ways to keys, a backup and a recovery code, and of what comes when the list stands.
  { name: 'seldom', file: 'dm3-chat-seldom.wasm', styles: [], after: ['common'] },
  { name: 'keys', split: 'keys', file: 'dm3-chat-keys.wasm', styles: [], after: ['sign-in', 'seldom'] },
  { name: 'chat', split: 'chat', file: 'dm3-chat-chat.wasm', styles: [], after: ['common'] },
  { name: 'deliver', split: 'deliver', file: 'dm3-chat-deliver.wasm', styles: [], after: ['chat'] },
  { name: 'thread', split: 'thread', file: 'dm3-chat-thread.wasm', styles: [], after: ['deliver'] },
  // Of what comes when the list stands.
  { name: 'late', file: 'dm3-chat-late.wasm', styles: [], after: ['thread', 'seldom'] },
  { name: 'search', split: 'search', file: 'dm3-chat-search.wasm', styles: ['search'], after: ['late'] },
  // Of what comes from elsewhere: out of mailboxes, histories and backups.
  { name: 'taken', file: 'dm3-chat-taken.wasm', styles: [], after: ['late'] },
  { name: 'pick-up', split: 'pick_up', file: 'dm3-chat-pick-up.wasm', styles: [], after: ['taken'] },
  { name: 'history', split: 'history', file: 'dm3-chat-history.wasm', styles: [], after: ['taken'] },
  { name: 'people', split: 'people', file: 'dm3-chat-people.wasm', styles: [], after: ['late'] },
  { name: 'talk', split: 'talk', file: 'dm3-chat-talk.wasm', styles: ['talk'], after: ['late'] },
  { name: 'files', split: 'files', file: 'dm3-chat-files.wasm', styles: ['files'], after: ['talk'] },
  { name: 'emoji', split: 'emoji', file: 'dm3-chat-emoji.wasm', styles: ['emoji'], after: ['talk'] },
  { name: 'share', split: 'share', file: 'dm3-chat-share.wasm', styles: ['share'], after: ['talk'] },
  // Of what can be demanded of strangers, what is staked, and what is paid.
  { name: 'tokens', file: 'dm3-chat-tokens.wasm', styles: [], after: ['talk'] },
  { name: 'stake', split: 'stake', file: 'dm3-chat-stake.wasm', styles: ['stake'], after: ['tokens'] },
  { name: 'attention', split: 'attention', file: 'dm3-chat-attention.wasm', styles: ['stake'], after: ['tokens'] },
  { name: 'site', split: 'site', file: 'dm3-chat-site.wasm', styles: ['signin', 'site'], after: ['late'] },
  { name: 'upgrade', split: 'upgrade', file: 'dm3-chat-upgrade.wasm', styles: [], after: ['seldom'] },
  { name: 'ipfs', split: 'ipfs', file: 'dm3-chat-ipfs.wasm', styles: [], after: ['seldom'] },
  { name: 'backend', split: 'backend', file: 'dm3-chat-backend.wasm', styles: [], after: ['history'] },
  { name: 'settings', split: 'settings', file: 'dm3-chat-settings.wasm', styles: ['settings'], after: ['tokens'] },
  { name: 'own', split: 'own', file: 'dm3-chat-own.wasm', styles: [], after: ['settings'] },
  { name: 'own-steps', split: 'own_steps', file: 'dm3-chat-own-steps.wasm', styles: [], after: ['own'] },
  { name: 'backup', split: 'backup', file: 'dm3-chat-backup.wasm', styles: ['signin'], after: ['history'] },
];

/** The part called `name`, and all before it, in the order in which they are loaded. */
export function chain(name) {
  const { after } = PARTS.find(part => part.name === name);
  return [...new Set([...after.flatMap(chain), name])];
}

/** Which part has what the parts called `names` share: of those that are loaded for each of them, the last. */
export function holder(names) {
  return PARTS.findLast(({ name }) => names.every(other => chain(other).includes(name)));
}

/** What is neither WASM nor glue of it. */
export const FILES = {
  loader: 'dm3-chat.js',
  glue: 'dm3-chat-app.js',
  names: 'dm3-chat-names.js',
  isolated: 'dm3-chat-isolated.js',
  frame: 'dm3-chat-frame.js',
};

/** Styles that the loader carries. */
export const LAUNCHER_STYLES = ['tokens', 'launcher'];
