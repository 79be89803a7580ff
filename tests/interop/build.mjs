// Builds the core as JavaScript calls it, with the settings the widget is shipped with: what is tested and timed is
// what users get.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { optimise } from '../../widget/build/wasm-opt.mjs';
import { ROOT } from '../setup/index.mjs';

const TARGET = 'wasm32-unknown-unknown';
const target = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');

/** Builds and returns where the module and its WASM are. */
export function buildInterop() {
  const out = join(target, 'bindgen', 'interop');
  mkdirSync(out, { recursive: true });
  cargo('build', '--locked', '-p', 'dm3-interop', '--target', TARGET, '--profile', 'wasm');
  cargo(
    ...['run', '--quiet', '--locked', '-p', 'xtask', '--', 'bindgen', join(target, TARGET, 'wasm/dm3_interop.wasm')],
    ...['--target', 'web', '--no-typescript', '--out-name', 'core', '--out-dir', out],
  );
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

function cargo(...args) {
  const { status, error } = spawnSync('cargo', args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`cargo ${args[0]} failed: ${error?.message ?? `exit code ${status}`}`);
}
