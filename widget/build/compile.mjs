// rustc: one linked WASM, with the relocations that cutting it needs.
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { dev, gallery, run, target } from './context.mjs';

/**
 * Options of the compiler beside `.cargo/config.toml`, and of cargo. A panic is a trap at once, without the code that would
 * say why and where, and the standard library is compiled along, for size: 16 KB of a first visit's 327 (brotli, November 2026). Both
 * are unstable in Rust; the toolchain is pinned, and says so if it does not know them.
 */
const RUSTC = [...shortPaths(), '-Zunstable-options', '-Cpanic=immediate-abort', '-Zlocation-detail=none'];
const CARGO = [
  ...['--profile', 'wasm', '--config', `target.wasm32-unknown-unknown.rustflags = ${JSON.stringify(RUSTC)}`],
  ...['-Zbuild-std=std,panic_abort', '-Zbuild-std-features=optimize_for_size'],
];
const UNSTABLE = { RUSTC_BOOTSTRAP: '1' };

/** Has cargo compile what is packaged, or timed as it is packaged; `last` are the options behind all others. */
export function compilePackaged(args, last = []) {
  run('cargo', [...args, '--locked', '--target', 'wasm32-unknown-unknown', ...CARGO, ...last], { env: UNSTABLE });
}

/** The path of the linked WASM. */
export function compile() {
  const features = gallery ? 'parts,gallery' : 'parts';
  const args = ['rustc', '-p', 'dm3-widget', '--lib', '--crate-type', 'cdylib', '--features', features];
  const last = ['--', '-C', 'link-arg=--emit-relocs'];
  if (dev) run('cargo', [...args, '--locked', '--target', 'wasm32-unknown-unknown', ...last]);
  else compilePackaged(args, last);
  return join(target, 'wasm32-unknown-unknown', dev ? 'debug' : 'wasm', 'dm3_widget.wasm');
}

/** What names source files does so without the folders of this machine, which are long and nobody's business. */
function shortPaths() {
  const registry = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry', 'src');
  const sources = existsSync(registry) ? readdirSync(registry).map(name => join(registry, name)) : [];
  return sources.map(path => `--remap-path-prefix=${path}/=`);
}
