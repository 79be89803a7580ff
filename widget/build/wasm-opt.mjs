// wasm-opt with the options of the packaged build, which the benchmarks measure too.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nameBySimilarity } from './order.mjs';

const PROGRAM = fileURLToPath(new URL('../../node_modules/binaryen/bin/wasm-opt', import.meta.url));

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
  run(file, file, ['--reorder-functions-by-name', '--strip-debug', '--strip-producers']);
}

function run(input, output, passes) {
  const args = [PROGRAM, input, '-o', output, ...passes, ...WASM_FEATURES];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`wasm-opt failed on ${input}`);
}
