// Builds the core as JavaScript calls it: quickly for the tests, or as the widget ships it for the benchmarks.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { optimise } from '../../widget/wasm-opt.mjs';
import { ROOT } from '../setup/index.mjs';

const TARGET = 'wasm32-unknown-unknown';
const target = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');

/** Builds and returns where the module and its WASM are. `shipped`: with the packaged widget's settings. */
export function buildInterop({ shipped = false } = {}) {
  const profile = shipped ? 'wasm' : 'dev';
  const out = join(target, 'bindgen', `interop-${profile}`);
  mkdirSync(out, { recursive: true });
  cargo('build', '--locked', '-p', 'dm3-interop', '--target', TARGET, '--profile', profile);
  cargo(
    ...['run', '--quiet', '--locked', '-p', 'xtask', '--', 'bindgen'],
    join(target, TARGET, shipped ? 'wasm' : 'debug', 'dm3_interop.wasm'),
    ...['--target', 'web', '--no-typescript', '--out-name', 'core', '--out-dir', out],
  );
  const wasm = join(out, 'core_bg.wasm');
  const small = join(out, 'core_small.wasm');
  if (shipped) optimise(wasm, small);
  return { script: join(out, 'core.js'), wasm: shipped ? small : wasm };
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
