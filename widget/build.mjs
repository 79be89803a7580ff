// Builds the element into dist/: the loader, the glue, the WASM and the styles. `--dev` skips what only makes it small.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import * as esbuild from 'esbuild';
import { optimise } from './wasm-opt.mjs';
import { forgetLocations, shortenImports, trapOnPanic } from './wasm.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
const dev = process.argv.includes('--dev');

/** Brotli bytes. Nobody should wait for more than this before the first message. */
const LOADER_BUDGET = 6_000;
const TOTAL_BUDGET = 220_000;
/** The rules for names outside ASCII, which most people never fetch. Beside the total. */
const NAMES_BUDGET = 20_000;

/** Styles the loader carries, and those that come with the application. */
const LAUNCHER_STYLES = ['tokens', 'launcher'];
const APP_STYLES = ['base', 'panel', 'signin', 'list', 'thread', 'composer', 'states'];

const files = {
  loader: 'dm3-chat.js',
  WASM: 'dm3-chat_bg.wasm',
  glue: 'dm3-chat-app.js',
  CSS: 'dm3-chat-css.js',
};

const NAMES_FILE = 'dm3-chat-names.js';

const bindings = join(target, 'bindgen', dev ? 'dev' : 'wasm');

const glue = join(bindings, 'dm3-chat.js');

step('compile to WASM', compile);
step('write the bindings', bind);
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
step(dev ? 'copy the WASM' : 'shrink the WASM', shrink);
await step('bundle glue, styles and loader', bundle);
report();

function compile() {
  const profile = dev ? 'dev' : 'wasm';
  const paths = dev ? [] : ['--config', `target.wasm32-unknown-unknown.rustflags = ${JSON.stringify(shortPaths())}`];
  run('cargo', [
    ...['build', '--locked', '-p', 'dm3-widget', '--target', 'wasm32-unknown-unknown', '--profile', profile],
    ...paths,
  ]);
}

/** Panic messages name source files: without the folders of this machine, which are long and nobody's business. */
function shortPaths() {
  const registry = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry', 'src');
  const sources = existsSync(registry) ? readdirSync(registry).map(name => join(registry, name)) : [];
  return [root, ...sources].map(path => `--remap-path-prefix=${path}/=`);
}

function bind() {
  const wasm = join(target, 'wasm32-unknown-unknown', dev ? 'debug' : 'wasm', 'dm3_widget.wasm');
  rmSync(bindings, { recursive: true, force: true });
  run('cargo', [
    ...['run', '--quiet', '--locked', '-p', 'xtask', '--', 'bindgen', wasm],
    ...['--target', 'web', '--no-typescript', '--out-name', 'dm3-chat', '--out-dir', bindings],
  ]);
}

function shrink() {
  const input = join(bindings, files.WASM);
  const output = join(dist, files.WASM);
  if (dev) return writeFileSync(output, readFileSync(input));
  writeFileSync(input, forgetLocations(trapOnPanic(readFileSync(input))));
  optimise(input, output);
  const short = shortenImports(readFileSync(output), readFileSync(glue, 'utf8'));
  writeFileSync(output, short.wasm);
  writeFileSync(glue, short.glue);
}

async function bundle() {
  const common = { bundle: true, format: 'esm', target: 'es2022', minify: !dev, legalComments: 'none', charset: 'utf8' };
  await esbuild.build({
    ...common,
    stdin: { contents: "export { default, ChatHandle } from './dm3-chat.js';", resolveDir: bindings },
    outfile: join(dist, files.glue),
  });
  writeFileSync(join(dist, files.CSS), `export default ${JSON.stringify(await styles(APP_STYLES))};\n`);
  await esbuild.build({
    ...common,
    entryPoints: [join(root, 'widget/js/dm3-chat.js')],
    external: [`./${files.glue}`, `./${files.CSS}`, `./${NAMES_FILE}`],
    define: { LAUNCHER_CSS: JSON.stringify(await styles(LAUNCHER_STYLES)) },
    outfile: join(dist, files.loader),
  });
  await esbuild.build({
    ...common,
    entryPoints: [join(root, 'widget/js/names.js')],
    outfile: join(dist, NAMES_FILE),
  });
}

/** Style files in their order, as one text. */
async function styles(names) {
  const text = names.map(name => readFileSync(join(root, 'styles', `${name}.css`), 'utf8')).join('\n');
  const { code } = await esbuild.transform(text, { loader: 'css', minify: !dev, charset: 'utf8' });
  return code.trim();
}

function report() {
  const measure = (part, file) => {
    const bytes = readFileSync(join(dist, file));
    return { part, file, raw: bytes.length, brotli: brotli(bytes) };
  };
  const rows = Object.entries(files).map(([part, file]) => measure(part, file));
  const sum = key => rows.reduce((total, row) => total + row[key], 0);
  rows.push({ part: 'in all', file: '', raw: sum('raw'), brotli: sum('brotli') });
  const names = measure('names', NAMES_FILE);
  console.log(`\n${'part'.padEnd(8)}${'file'.padEnd(20)}${'raw'.padStart(12)}${'brotli'.padStart(12)}`);
  for (const { part, file, raw, brotli } of [...rows, names]) {
    console.log(`${part.padEnd(8)}${file.padEnd(20)}${kilobytes(raw)}${kilobytes(brotli)}`);
  }
  if (dev) return console.log('\nA development build: no budget applies.');
  const loader = rows[0].brotli;
  const total = rows.at(-1).brotli;
  if (loader > LOADER_BUDGET) fail(`the loader is ${loader} bytes after brotli; ${LOADER_BUDGET} are allowed`);
  if (names.brotli > NAMES_BUDGET) fail(`the names file is ${names.brotli} bytes after brotli; ${NAMES_BUDGET} are allowed`);
  if (total > TOTAL_BUDGET) fail(`everything is ${total} bytes after brotli; ${TOTAL_BUDGET} are allowed`);
}

function brotli(bytes) {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} KB`.padStart(12);
}

function step(name, task) {
  console.log(`\x1b[1m› ${name}\x1b[0m`);
  return task();
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error) fail(`${command} could not be started: ${error.message}`);
  if (status !== 0) fail(`${command} ${args[0]} failed`);
}

function fail(message) {
  console.error(`build: ${message}`);
  process.exit(1);
}
