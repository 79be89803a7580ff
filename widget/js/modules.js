// The WASM files: fetched, checked to be of this build, compiled, and their styles put on every element of the page. All
// files lie beside this module.
/* global AFTER -- the build puts in which parts are loaded before each */
import { again } from './assets.js';
import { once } from './once.js';
import { OtherVersion, expectBuild } from './version.js';

/** Bundlers need literal names. In the order of their styles, those of the main file before them all. */
const FILES = {
  common: () => new URL('./dm3-chat-common.wasm', import.meta.url),
  seldom: () => new URL('./dm3-chat-seldom.wasm', import.meta.url),
  tokens: () => new URL('./dm3-chat-tokens.wasm', import.meta.url),
  late: () => new URL('./dm3-chat-late.wasm', import.meta.url),
  taken: () => new URL('./dm3-chat-taken.wasm', import.meta.url),
  'sign-in': () => new URL('./dm3-chat-sign-in.wasm', import.meta.url),
  keys: () => new URL('./dm3-chat-keys.wasm', import.meta.url),
  chat: () => new URL('./dm3-chat-chat.wasm', import.meta.url),
  thread: () => new URL('./dm3-chat-thread.wasm', import.meta.url),
  deliver: () => new URL('./dm3-chat-deliver.wasm', import.meta.url),
  talk: () => new URL('./dm3-chat-talk.wasm', import.meta.url),
  files: () => new URL('./dm3-chat-files.wasm', import.meta.url),
  emoji: () => new URL('./dm3-chat-emoji.wasm', import.meta.url),
  upgrade: () => new URL('./dm3-chat-upgrade.wasm', import.meta.url),
  backend: () => new URL('./dm3-chat-backend.wasm', import.meta.url),
  'pick-up': () => new URL('./dm3-chat-pick-up.wasm', import.meta.url),
  history: () => new URL('./dm3-chat-history.wasm', import.meta.url),
  people: () => new URL('./dm3-chat-people.wasm', import.meta.url),
  search: () => new URL('./dm3-chat-search.wasm', import.meta.url),
  settings: () => new URL('./dm3-chat-settings.wasm', import.meta.url),
  own: () => new URL('./dm3-chat-own.wasm', import.meta.url),
  'own-steps': () => new URL('./dm3-chat-own-steps.wasm', import.meta.url),
  share: () => new URL('./dm3-chat-share.wasm', import.meta.url),
  stake: () => new URL('./dm3-chat-stake.wasm', import.meta.url),
  attention: () => new URL('./dm3-chat-attention.wasm', import.meta.url),
  site: () => new URL('./dm3-chat-site.wasm', import.meta.url),
  ipfs: () => new URL('./dm3-chat-ipfs.wasm', import.meta.url),
  backup: () => new URL('./dm3-chat-backup.wasm', import.meta.url),
};

/** Responses that the loader asked for before it was known what they are for, by the module's name. */
let ahead = {};

const modules = {};
for (const [name, url] of Object.entries(FILES)) {
  modules[name] = once(failures => compile(name, (!failures && ahead[name]) || fetch(again(url(), failures))));
}

/** The compiled main module. What else the loader has asked for is compiled meanwhile; a fault is told when it is used. */
export async function mainModule(fetched) {
  ahead = fetched;
  if (ahead['sign-in']) loadPart('sign-in').catch(() => {});
  return compile('main', fetched.main);
}

/** The compiled modules of the part called `name`: of those that are loaded before it, then its own. */
export async function loadPart(name) {
  // Whoever needs the one needs the other next; if it can't be fetched now, that is said then.
  if (name === 'chat') loadPart('pick-up').catch(() => {});
  return Promise.all(chain(name).map(name => modules[name]()));
}

const chain = name => [...new Set([...AFTER[name].flatMap(chain), name])];

async function compile(name, fetched) {
  const response = await fetched;
  const { pathname } = new URL(response.url);
  const type = response.headers.get('content-type') ?? '';
  // Some servers answer with a page where nothing is any more.
  if ([404, 410].includes(response.status) || type.startsWith('text/html')) throw new OtherVersion(`${pathname} is gone`);
  if (!response.ok) throw new Error(`${pathname}: ${response.status}`);
  const streams = type.startsWith('application/wasm');
  const module = await (streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer()));
  expectBuild(text(module, 'build'), pathname);
  styles[name] = text(module, 'styles');
  sheet.replaceSync(['main', ...Object.keys(FILES)].map(file => styles[file] ?? '').join('\n'));
  return module;
}

/** The build writes texts into custom sections of the WASM (widget/build/shrink.mjs). */
function text(module, section) {
  return WebAssembly.Module.customSections(module, section).map(bytes => new TextDecoder().decode(bytes)).join('');
}

const styles = {};

/** The styles of all that was loaded, shared by every element. */
export const sheet = new CSSStyleSheet();
