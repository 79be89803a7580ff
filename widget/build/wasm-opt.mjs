// wasm-opt with the options of the packaged build, which the benchmarks measure too, and wasm-merge.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nameBySimilarity } from './order.mjs';
import { imports, passingOn, withImports, withoutExports } from './wasm.mjs';

const PROGRAMS = new URL('../../node_modules/binaryen/bin/', import.meta.url);

/** Inlining, sharing subexpressions and cutting zeros out of data make the WASM smaller, but what brotli leaves larger. */
const FOR_BROTLI = [
  ...['-ocimfs', '0', '-aimfs', '0', '-fimfs', '0'],
  ...['--skip-pass=local-cse', '--skip-pass=memory-packing'],
];

/** What rustc 1.95 and wasm-bindgen emit for this target, plus simd128 of .cargo/config.toml. */
const WASM_FEATURES = [
  '--enable-bulk-memory',
  '--enable-multivalue',
  '--enable-mutable-globals',
  '--enable-nontrapping-float-to-int',
  '--enable-reference-types',
  '--enable-sign-ext',
  '--enable-simd',
];

/** Lets offsets move into loads and stores: no object lies in the first KB, which is the far end of the stack. */
const SMALL = ['-Os', '--converge', '--low-memory-unused'];

/** Writes the file `input` made small to `output`. */
export function optimise(input, output) {
  shrinkCode(input, output);
  finish(output);
}

/** Writes the file `input` with small code to `output`; functions keep their names. */
export function shrinkCode(input, output) {
  run(input, output, [...SMALL, '--debuginfo', ...FOR_BROTLI]);
}

/** Puts the functions of a file into a good order, and takes their names away. */
export function finish(file) {
  writeFileSync(file, nameBySimilarity(readFileSync(file)));
  // Once more after all others, locals take 0.2 % off what brotli makes of it.
  run(file, file, ['--coalesce-locals', '--reorder-locals', '--reorder-functions-by-name', '--strip-debug', '--strip-producers']);
}

/** What a part imports its memory, table and globals from. */
const SHELL = '__wasm_split';

/** Makes one file `output` of parts. Each imports the same things; those of the file are imported once. */
export function mergeParts(parts, output) {
  const shell = `${output}.shell`;
  writeFileSync(shell, passingOn(parts.flatMap(part => imports(readFileSync(part))), 'outside'));
  const modules = [shell, SHELL, ...parts.flatMap((part, number) => [part, `part-${number}`])];
  start('wasm-merge', [...modules, '-o', output, '--debuginfo']);
  const merged = readFileSync(output);
  const named = imports(merged).map(entry => ({ ...entry, module: SHELL }));
  // Nobody asks a part for anything: it puts its functions into the table.
  writeFileSync(output, withoutExports(withImports(merged, named), () => true));
}

function run(input, output, passes) {
  start('wasm-opt', [input, '-o', output, ...passes]);
}

function start(program, args) {
  const path = fileURLToPath(new URL(program, PROGRAMS));
  // One that fails prints the whole module.
  const { status, stderr } = spawnSync(process.execPath, [path, ...args, ...WASM_FEATURES], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} failed: ${stderr.slice(0, 1_000)}`);
}
