// npm run test:embed: the package, as npm installs it, in small apps of many kinds. Each begins in an empty folder and ends with
// a visitor who has signed in and written; how long both took together is printed. Then the app takes the element away and brings it
// back in its own way, and what is left of that is counted.
//
//   node tests/embed/index.mjs                     every host, a hundred times
//   node tests/embed/index.mjs vue webpack         only these
//   node tests/embed/index.mjs vue --mounts 1000   a thousand times

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { watch } from '../e2e/leaks.mjs';
import { until } from '../e2e/support.mjs';
import { freePort } from '../localnet/process.mjs';
import { mountsLeaveNothing } from './mounts.mjs';
import { makePackage, openEmbedWorld, removeFolder, serveFolders, temporaryFolder } from './support.mjs';

const HOSTS = fileURLToPath(new URL('hosts', import.meta.url));

/**
 * `node`: the file in which the app expects the node's address, as a module or, for pages without modules, as a script. `output`:
 * the folder that is served when the app is built; without one it is started. `check`: what else has to be so. `develop`: its development server is tried, too.
 * `greets`: it hears the element's events, and greets who has signed in. `stays`: it has no way of taking the element away. `faults`:
 * what it may report of itself.
 */
const APPS = [
  { name: 'react', node: 'src/node-url.js', output: 'dist', greets: true, check: followsTheApp, develop: true },
  { name: 'react-18', node: 'src/node-url.js', output: 'dist', greets: true, check: followsTheApp },
  { name: 'vue', node: 'src/node-url.js', output: 'dist', greets: true, check: suitsVue, develop: true },
  { name: 'svelte', node: 'src/node-url.js', output: 'dist', greets: true, develop: true },
  { name: 'webpack', node: 'src/node-url.js', output: 'dist' },
  { name: 'next', node: 'app/node-url.js' },
  { name: 'angular', node: 'src/node-url.ts', output: 'dist/browser', greets: true },
  // Its router says so of a page that is left while it is shown.
  { name: 'astro', node: 'src/node-url.js', output: 'dist', faults: [/Transition was skipped/] },
  { name: 'jquery', node: 'node-url.js', script: true, output: '.', greets: true, check: looksLikeItself },
  { name: 'frame', node: 'node-url.js', script: true, output: '.', framed: true, stays: true },
];

/** The page's own styles have not come in. */
async function looksLikeItself(visitor) {
  const shown = await visitor.composer.evaluate((field) => {
    const { fontSize, letterSpacing, textTransform, textAlign, color } = getComputedStyle(field);
    return { fontSize, letterSpacing, textTransform, textAlign, color };
  });
  assert.deepEqual(shown, {
    fontSize: '15px',
    letterSpacing: 'normal',
    textTransform: 'none',
    textAlign: 'start',
    color: 'rgb(16, 24, 40)',
  });
}

/** What the app's state says is open is open, and what is closed in the chat is closed in the app's state. */
async function followsTheApp(visitor) {
  const { page, chat, launcher } = visitor;
  const isOpen = (wanted) => until(`open is ${wanted}`, async () => (await chat.evaluate((it) => it.open)) === wanted, 5_000);
  const toggle = page.getByRole('button', { name: 'Toggle' });
  await page.reload();
  await launcher.waitFor();
  await isOpen(false);
  await toggle.click();
  await isOpen(true);
  await toggle.click();
  await isOpen(false);
  await launcher.click();
  await isOpen(true);
  await toggle.click();
  await isOpen(false);
}

/** The same, and Vue has nothing to say against what it is given. */
async function suitsVue(visitor) {
  await followsTheApp(visitor);
  const { official, disabled, warned } = await visitor.chat.evaluate(({ official, disabled }) => ({ official, disabled, warned: window.warned }));
  assert.deepEqual({ official, disabled }, { official: true, disabled: false });
  assert.deepEqual(warned.filter((said) => said.startsWith('[Vue warn]')), []);
}

/** In a page: writes down what is warned of. */
function hearWarnings() {
  const { warn } = console;
  window.warned = [];
  console.warn = (...said) => {
    window.warned.push(String(said[0]));
    warn(...said);
  };
}

/** Runs a command of the host; what it printed is told if it fails. */
function run(folder, program, args) {
  const env = { ...process.env, CI: '1', ASTRO_TELEMETRY_DISABLED: '1', NEXT_TELEMETRY_DISABLED: '1', NG_CLI_ANALYTICS: 'false' };
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? status}\n${stdout}\n${stderr}`);
}

/** Starts the app's own server. */
async function start(folder) {
  const port = await freePort();
  const child = spawn('npm', ['start', '--', '--port', String(port)], { cwd: folder, detached: true, stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await until('the app answers', async () => (await fetch(url)).ok);
  return {
    url,
    // npm is between this process and the app: all that was started here ends together.
    close: async () => process.kill(-child.pid),
  };
}

async function tryHost(world, tarball, { name, node, script, output, framed, greets, check, develop, stays, faults }, mounts) {
  const folder = await temporaryFolder();
  let server;
  const started = performance.now();
  try {
    cpSync(join(HOSTS, name), folder, { recursive: true });
    writeFileSync(join(folder, node), `${script ? 'var' : 'export const'} NODE = ${JSON.stringify(world.net.nodeUrl)};\n`);
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
    // Not `npm ci`, which wants what Vite's dependencies name for other systems, too.
    run(folder, 'npm', ['install', '--no-save', ...quiet]);
    run(folder, 'npm', ['install', '--no-save', '--no-package-lock', ...quiet, tarball]);
    run(folder, 'npm', ['run', '--if-present', 'build']);
    server = output ? await serveFolders({ mounts: { '/': join(folder, output) } }) : await start(folder);
    const look = async (visitor) => {
      if (greets) await visitor.page.getByText(`Welcome, ${visitor.account.address}`).waitFor({ state: 'attached', timeout: 5_000 });
      await check?.(visitor);
    };
    let time;
    const comesAndGoes = async (visitor) => {
      await look(visitor);
      time ??= performance.now() - started;
      if (!stays) console.log(`  ${name}, ${mounts} mounts: ${JSON.stringify(await mountsLeaveNothing(visitor, mounts))}`);
    };
    await world.chatWorks(server.url, { name, framed, faults, inits: [watch, hearWarnings], check: comesAndGoes });
    if (develop) {
      await server.close();
      server = await start(folder);
      await world.chatWorks(server.url, { name: `${name}-develop`, inits: [watch, hearWarnings], check: comesAndGoes });
    }
    return time;
  } finally {
    await server?.close();
    await removeFolder(folder);
  }
}

const { positionals: wanted, values } = parseArgs({ allowPositionals: true, options: { mounts: { type: 'string', default: '100' } } });
const mounts = Number(values.mounts);
const unknown = wanted.filter((name) => !APPS.some((app) => app.name === name));
if (unknown.length > 0) {
  console.error(`No host is called ${unknown.join(' or ')}. There are: ${APPS.map(({ name }) => name).join(', ')}`);
  process.exit(1);
}

const place = await temporaryFolder();
const world = await openEmbedWorld();
const failed = [];
try {
  const tarball = makePackage({ tarball: place });
  for (const app of APPS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    try {
      const time = await tryHost(world, tarball, app, mounts);
      console.log(`✔ ${app.name.padEnd(10)} ${(time / 1000).toFixed(1).padStart(6)} s from an empty folder to a message`);
    } catch (error) {
      failed.push(app.name);
      console.error(`✖ ${app.name}: ${error.message}`);
    }
  }
} finally {
  await world.close();
  await removeFolder(place);
}
if (failed.length > 0) {
  console.error(`\nFailed: ${failed.join(', ')}`);
  process.exit(1);
}
