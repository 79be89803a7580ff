// rustc: one linked WASM, with the relocations that cutting it needs.
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { dev, gallery, run, target } from './context.mjs';

/** For cargo: what is said to the compiler beside `.cargo/config.toml`. The same for all that is packaged or timed. */
export const PACKAGED_FLAGS = ['--config', `target.wasm32-unknown-unknown.rustflags = ${JSON.stringify(shortPaths())}`];

/** The path of the linked WASM. */
export function compile() {
  const profile = dev ? 'dev' : 'wasm';
  const flags = dev ? [] : PACKAGED_FLAGS;
  run('cargo', [
    ...['rustc', '--locked', '-p', 'dm3-widget', '--lib', '--crate-type', 'cdylib', '--features', gallery ? 'parts,gallery' : 'parts'],
    ...['--target', 'wasm32-unknown-unknown', '--profile', profile, ...flags],
    ...['--', '-C', 'link-arg=--emit-relocs'],
  ]);
  return join(target, 'wasm32-unknown-unknown', dev ? 'debug' : 'wasm', 'dm3_widget.wasm');
}

/** Panic messages name source files: without the folders of this machine, which are long and nobody's business. */
function shortPaths() {
  const registry = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry', 'src');
  const sources = existsSync(registry) ? readdirSync(registry).map(name => join(registry, name)) : [];
  return sources.map(path => `--remap-path-prefix=${path}/=`);
}
