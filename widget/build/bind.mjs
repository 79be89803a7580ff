// wasm-bindgen: the glue between the main WASM and JavaScript. Parts reach the browser through the main WASM.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { bindings, cut, emptyFolder, xtask } from './context.mjs';

/** Writes glue and main WASM. */
export function bind() {
  emptyFolder(bindings);
  xtask([
    ...['bindgen', join(cut, 'main.wasm')],
    // The table of functions is what the linker exports; parts are linked through it.
    ...['--target', 'web', '--no-typescript', '--keep-lld-exports', '--out-name', 'dm3-chat', '--out-dir', bindings],
  ]);
  copyFileSync(join(cut, 'link.js'), join(bindings, 'link.js'));
}
