// Installs what the other commands need and is missing. Only Node's own modules: no package is there yet.
//
//   node tests/setup/index.mjs [tools|build|test]

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const WASM_TARGET = 'wasm32-unknown-unknown';

/** Where cargo puts what it builds. */
export const CARGO_TARGET = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target');

const XTASK = join(CARGO_TARGET, 'debug', 'xtask');

/**
 * What commands are told after xtask was built together with other packages, so that they take that program. By
 * themselves they would have cargo build it alone, and its dependencies once more in the form that xtask alone needs.
 */
export const XTASK_ENV = { XTASK };
export const XTASK_RUNNER = ['--config', `target.${WASM_TARGET}.runner = ${JSON.stringify([XTASK, 'test-runner'])}`];

/** Something a person has to do; told in one line, without a stack. */
class Missing extends Error {}

function say(text) {
  console.log(`setup: ${text}`);
}

/** Runs a command with its output shown; false when it fails or does not exist. */
function run(program, args) {
  return spawnSync(program, args, { cwd: ROOT, stdio: 'inherit' }).status === 0;
}

function output(program, args) {
  const { status, stdout } = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

function onPath(program) {
  return process.env.PATH.split(delimiter).some((folder) => existsSync(join(folder, program)));
}

function checkNode() {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new Missing(`Node ${process.versions.node} is too old: install Node 20 or newer`);
  }
}

function installPackages() {
  // npm writes this file last, so an interrupted installation counts as none.
  const installed = join(ROOT, 'node_modules/.package-lock.json');
  const lock = join(ROOT, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  say('installing the npm packages');
  // No package of ours needs its install script; without scripts none can fetch from elsewhere.
  if (!run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'])) {
    throw new Missing('npm ci failed: see above; it needs the npm registry');
  }
}

function installWasmTarget() {
  if (!output('cargo', ['--version'])) {
    throw new Missing('Rust is missing: install it with rustup (https://rustup.rs), then run this again');
  }
  const folder = output('rustc', ['--print', 'target-libdir', '--target', WASM_TARGET]);
  if (!folder || !existsSync(folder)) {
    say(`adding the Rust target ${WASM_TARGET}`);
    if (!run('rustup', ['target', 'add', WASM_TARGET])) {
      throw new Missing(`the Rust target is missing: rustup target add ${WASM_TARGET}`);
    }
  }
  // The element is packaged with a standard library that is compiled along (widget/build/compile.mjs).
  const sources = join(output('rustc', ['--print', 'sysroot']) || '.', 'lib/rustlib/src/rust/library/Cargo.lock');
  if (existsSync(sources)) return;
  say('adding the sources of Rust’s standard library');
  if (!run('rustup', ['component', 'add', 'rust-src'])) {
    throw new Missing('the sources of the standard library are missing: rustup component add rust-src');
  }
}

/** Some crates have C in them, and rustc links with the C compiler. */
function installCompiler() {
  if (onPath('cc')) return;
  const packages = ['gcc', 'libc6-dev'];
  if (isRoot() && aptInstall(packages)) return;
  throw new Missing(`a C compiler is missing: sudo apt-get install ${packages.join(' ')}`);
}

let isUpdated = false;

/** Installs Debian's packages. An old list of them has old browsers, so it is brought up to date first. */
function aptInstall(packages, options = []) {
  say(`installing ${packages.join(', ')}`);
  // What is up to date, or can't be brought there, may still be installed.
  isUpdated ||= run('apt-get', ['update']);
  return run('apt-get', ['install', '-y', '--no-install-recommends', ...options, ...packages]);
}

const isRoot = () => process.getuid?.() === 0 && onPath('apt-get');

function installBrowsers() {
  const missing = [
    ['chromium', 'chromium'],
    ['chromedriver', 'chromium-driver'],
    ['firefox-esr', 'firefox-esr'],
    ['WebKitWebDriver', 'webkit2gtk-driver'],
    ['Xvfb', 'xvfb'],
  ].flatMap(([program, debianPackage]) => (onPath(program) ? [] : [debianPackage]));
  if (missing.length === 0) return;
  if (isRoot() && aptInstall(missing)) return;
  throw new Missing(`the tests need three browsers, from Debian’s archives (Ubuntu’s lack them): sudo apt-get install ${missing.join(' ')}`);
}

/** Debian keeps Postgres's programs off the path, in a folder for each version. */
function hasPostgres() {
  if (onPath('initdb') && onPath('postgres') && onPath('psql')) return true;
  const versions = '/usr/lib/postgresql';
  if (!onPath('psql') || !existsSync(versions)) return false;
  return readdirSync(versions).some((version) => existsSync(join(versions, version, 'bin/initdb')));
}

/** The tests run a private server from it, so no server is to be set up or started for the machine. */
function installPostgres() {
  if (hasPostgres()) return;
  if (isRoot()) {
    const config = '/etc/postgresql-common/createcluster.conf';
    if (!existsSync(config)) {
      mkdirSync(dirname(config), { recursive: true });
      writeFileSync(config, 'create_main_cluster = false\n');
    }
    // Keeps the configuration above when the package brings its own.
    if (aptInstall(['postgresql'], ['-o', 'Dpkg::Options::=--force-confold']) && hasPostgres()) return;
  }
  throw new Missing("the node's tests need Postgres: sudo apt-get install postgresql");
}

/** What sets a clock for one program alone, if it is installed. */
export const clockLibrary = () =>
  readdirSync('/usr/lib')
    .map((folder) => join('/usr/lib', folder, 'faketime/libfaketimeMT.so.1'))
    .find((library) => existsSync(library));

/**
 * What stands in front of a node, and between it and Postgres – the tests start these as node/deploy has them –, whom it asks
 * for certificates, and the clock that they set.
 */
function installSurroundings() {
  const missing = [
    ['nginx', 'nginx-light'],
    ['caddy', 'caddy'],
    ['pgbouncer', 'pgbouncer'],
    ['pebble', 'pebble'],
  ].flatMap(([program, debianPackage]) => (onPath(program) || existsSync(join('/usr/sbin', program)) ? [] : [debianPackage]));
  if (!clockLibrary()) missing.push('libfaketime');
  if (missing.length === 0) return;
  if (isRoot()) {
    // The tests start their own: nothing is to listen on this machine.
    const policy = '/usr/sbin/policy-rc.d';
    const own = !existsSync(policy);
    if (own) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    const installed = aptInstall(missing);
    if (own) rmSync(policy);
    if (installed) return;
  }
  // Not every system has them; the tests that need them are named at the end (told.mjs).
  say(`WITHOUT ${missing.join(', ')}: their tests are skipped`);
}

/**
 * Makes this machine ready for `purpose`: `tools` (Rust, Node and a C compiler), `build` (also the npm packages) or `test` (also
 * browsers, Postgres, proxies and a clock). Ends the process with one line when a person has to help.
 */
export function setup(purpose) {
  try {
    checkNode();
    installCompiler();
    installWasmTarget();
    if (purpose !== 'tools') installPackages();
    if (purpose === 'test') {
      installBrowsers();
      installPostgres();
      installSurroundings();
    }
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.error(`setup: ${error.message}`);
    process.exit(1);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup(process.argv[2] ?? 'build');
