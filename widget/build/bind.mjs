// wasm-bindgen: the glue between the main WASM and JavaScript. Parts reach the browser through the main WASM.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { bindings, cut, emptyFolder, xtask } from './context.mjs';
import { mergeIntoMain } from './wasm-opt.mjs';

/** Writes glue and main WASM; the files `shared` have what belongs to the main WASM, too. */
export function bind(shared) {
  emptyFolder(bindings);
  xtask([
    ...['bindgen', join(cut, 'main.wasm')],
    // The table of functions is what the linker exports; parts are linked through it.
    ...['--target', 'web', '--no-typescript', '--keep-lld-exports', '--out-name', 'dm3-chat', '--out-dir', bindings],
  ]);
  copyFileSync(join(cut, 'link.js'), join(bindings, 'link.js'));
  if (shared.length > 0) mergeIntoMain(join(bindings, 'dm3-chat_bg.wasm'), shared);
}
