// Builds the core as JavaScript calls it, with the settings the widget is shipped with: what is tested and timed is
// what users get.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compilePackaged } from '../../widget/build/compile.mjs';
import { target, xtask } from '../../widget/build/context.mjs';
import { optimise } from '../../widget/build/wasm-opt.mjs';
import { WASM_TARGET } from '../setup/index.mjs';

/** Builds and returns where the module and its WASM are. */
export function buildInterop() {
  const out = join(target, 'bindgen', 'interop');
  mkdirSync(out, { recursive: true });
  compilePackaged(['build', '-p', 'dm3-interop']);
  xtask([
    ...['bindgen', join(target, WASM_TARGET, 'wasm/dm3_interop.wasm')],
    ...['--target', 'web', '--no-typescript', '--out-name', 'core', '--out-dir', out],
  ]);
  const wasm = join(out, 'core_small.wasm');
  optimise(join(out, 'core_bg.wasm'), wasm);
  return { script: join(out, 'core.js'), wasm };
}

/** The core, ready to be called in Node. */
export async function loadCore() {
  const { script, wasm } = buildInterop();
  const core = await import(pathToFileURL(script));
  core.initSync({ module: readFileSync(wasm) });
  return core;
}
