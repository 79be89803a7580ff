// wasm-bindgen: the glue between the main WASM and JavaScript. Parts reach the browser through the main WASM.
import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bindings, cut, emptyFolder, xtask } from './context.mjs';
import { merge } from './wasm-opt.mjs';

export function bind() {
  emptyFolder(bindings);
  xtask([
    ...['bindgen', join(cut, 'main.wasm')],
    // The table of functions is what the linker exports; parts are linked through it.
    ...['--target', 'web', '--no-typescript', '--keep-lld-exports', '--out-name', 'dm3-chat', '--out-dir', bindings],
  ]);
  copyFileSync(join(cut, 'link.js'), join(bindings, 'link.js'));
  const shared = readdirSync(cut).filter(name => name.startsWith('main-'));
  merge(join(bindings, 'dm3-chat_bg.wasm'), shared.map(name => join(cut, name)));
}
