// The WASM files: fetched, checked to be of this build, compiled, and their styles put on every element of the page.
/* global BUILD, PARTS -- the build puts its id here, and the parts that are loaded before each */
import { once } from './once.js';

/** Bundlers need literal names. In the order of their styles. */
const FILES = {
  main: () => new URL('./dm3-chat_bg.wasm', import.meta.url),
  'sign-in': () => new URL('./dm3-chat-sign-in.wasm', import.meta.url),
  keys: () => new URL('./dm3-chat-keys.wasm', import.meta.url),
  chat: () => new URL('./dm3-chat-chat.wasm', import.meta.url),
  upgrade: () => new URL('./dm3-chat-upgrade.wasm', import.meta.url),
  backend: () => new URL('./dm3-chat-backend.wasm', import.meta.url),
  sync: () => new URL('./dm3-chat-sync.wasm', import.meta.url),
  backup: () => new URL('./dm3-chat-backup.wasm', import.meta.url),
};

/** What was fetched belongs to another version of the element, or is gone: only a reload of the page helps. */
export class OtherVersion extends Error {
  name = 'OtherVersion';
}

/** The URL for another attempt: browsers remember failed imports by it. */
export function again(url, failures) {
  url.searchParams.set('attempt', failures + 1);
  return url;
}

const modules = {};
for (const [name, url] of Object.entries(FILES)) modules[name] = once(failures => compile(name, url(), failures));

/** The compiled module called `name` in `FILES`. */
export async function loadModule(name) {
  return modules[name]();
}

/** The compiled modules of the part called `name`: of those that are loaded before it, then its own. */
export async function loadPart(name) {
  return Promise.all(PARTS[name].map(loadModule));
}

/** Fails unless something of build `id` fits this loader. */
export function expectBuild(id, what) {
  if (id !== BUILD) throw new OtherVersion(`${what} is of another version`);
}

async function compile(name, url, failures) {
  const response = await fetch(failures ? again(url, failures) : url);
  const type = response.headers.get('content-type') ?? '';
  // Some servers answer with a page where nothing is any more.
  if ([404, 410].includes(response.status) || type.startsWith('text/html')) throw new OtherVersion(`${url.pathname} is gone`);
  if (!response.ok) throw new Error(`${url.pathname}: ${response.status}`);
  const streams = type.startsWith('application/wasm');
  const module = await (streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer()));
  expectBuild(text(module, 'build'), url.pathname);
  styles[name] = text(module, 'styles');
  appSheet().replaceSync(Object.keys(FILES).map(file => styles[file] ?? '').join('\n'));
  return module;
}

/** The build writes texts into custom sections of the WASM (widget/build/shrink.mjs). */
function text(module, section) {
  return WebAssembly.Module.customSections(module, section).map(bytes => new TextDecoder().decode(bytes)).join('');
}

const styles = {};
let sheet;

/** The styles of all that was loaded, shared by every element. */
export function appSheet() {
  return (sheet ??= new CSSStyleSheet());
}
