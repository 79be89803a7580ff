// wasm-opt with the options of the packaged build, which the benchmarks measure too.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../node_modules/binaryen/bin/wasm-opt', import.meta.url));

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

/** Writes the file `input` made small to `output`. */
export function optimise(input, output) {
  const args = [input, '-o', output, '-Oz', '--converge', ...FOR_BROTLI, ...WASM_FEATURES];
  const { status } = spawnSync(process.execPath, [PROGRAM, ...args, '--strip-debug', '--strip-producers'], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`wasm-opt failed on ${input}`);
}
