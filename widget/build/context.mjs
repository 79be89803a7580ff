// Where things are, and how the steps of the build are run.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
/** For www/gallery.html: an element that shows given states. Always a development build, and never packaged. */
export const gallery = process.argv.includes('--gallery');
export const dist = join(root, gallery ? 'dist-gallery' : 'dist');
export const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
export const dev = gallery || process.argv.includes('--dev');
export const sizes = process.argv.includes('--sizes');

const work = join(target, 'element', gallery ? 'gallery' : dev ? 'dev' : 'wasm');
/** What the linked WASM is cut into. */
export const cut = join(work, 'cut');
/** Glue and main WASM as wasm-bindgen writes them. */
export const bindings = join(work, 'bindings');

export function emptyDist() {
  emptyFolder(dist);
}

export function emptyFolder(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}

export function step(name, task) {
  console.log(`\x1b[1m› ${name}\x1b[0m`);
  return task();
}

/** Runs a program to its end; its output is returned if `read`, else shown. */
export function run(command, args, { read = false, env = {} } = {}) {
  const stdio = ['inherit', read ? 'pipe' : 'inherit', 'inherit'];
  const { status, error, stdout } = spawnSync(command, args, { cwd: root, stdio, encoding: 'utf8', env: { ...process.env, ...env } });
  if (error) fail(`${command} could not be started: ${error.message}`);
  if (status !== 0) fail(`${command} ${args[0]} failed`);
  return stdout;
}

/** Runs xtask: the program that XTASK names, where other packages were built along with it, else by cargo. */
export function xtask(args, options) {
  const ready = process.env.XTASK;
  return ready ? run(ready, args, options) : run('cargo', ['run', '--locked', '-p', 'xtask', '--', ...args], options);
}

export function fail(message) {
  console.error(`build: ${message}`);
  process.exit(1);
}
