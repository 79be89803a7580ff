// npm test: the stages in order, each under a heading and timed; the first failure ends the run.
//
//   node tests/run.mjs              everything, the end-to-end tests in their short form
//   node tests/run.mjs lint short   only the stages whose name contains one of the words
//   node tests/run.mjs all          every end-to-end test, and the gallery: npm run test:e2e

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, WASM_TARGET, XTASK_ENV, XTASK_RUNNER, setup } from './setup/index.mjs';
import { Steps } from './setup/steps.mjs';
import { told, toldIn } from './setup/told.mjs';

const testsIn = (folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.test.mjs'))
    .map((name) => join(folder, name));

// What the short form leaves out, which takes as long as all the others: a picture of each state in four looks, a
// conversation of thousands, elements that come and go by the hundred, whatever hostile people write.
const LONG = ['gallery', 'leaks', 'shown', 'thread'];
const isShort = (file) => !LONG.some((name) => file.endsWith(`/${name}.test.mjs`));

// One file after the other: each starts a network and a browser of its own.
const nodeTest = (...files) => [process.execPath, '--test', '--test-reporter=spec', '--test-concurrency=1', ...files];

// Where programs run beside each other, what fails is tried once more, and named.
const again = (kind, ...what) => [process.execPath, 'tests/setup/again.mjs', kind, ...what];

// Everything that the tests, the stages after them and the local network run, chosen at once: cargo compiles what
// packages share once, in the form that fits all that are chosen together. `cargo test` takes the same.
const PROGRAMS = ['cargo', 'build', '--workspace', '--tests', '--bins', '--examples'];

// Debian's driver fits Debian's browser.
const CHROMEDRIVER = process.env.CHROMEDRIVER ?? '/usr/bin/chromedriver';

/** Commands that ran in this run. */
const done = new Set();

// Where the programs were built, xtask is among them; a stage that runs by itself has cargo build xtask alone.
const wasmTest = (...args) => () => {
  return again('cargo', ...(done.has(PROGRAMS) ? XTASK_RUNNER : []), '--target', WASM_TARGET, ...args);
};

const STAGES = [
  { name: 'format', commands: [['cargo', 'fmt', '--check']] },
  { name: 'structure', commands: [nodeTest(...testsIn('tests/structure'))] },
  {
    name: 'lint (native)',
    commands: [['cargo', 'clippy', '--workspace', '--all-targets', '--', '-D', 'warnings']],
  },
  {
    name: 'lint (wasm)',
    commands: [
      [
        ...['cargo', 'clippy', '-p', 'dm3-widget', '-p', 'dm3-interop'],
        ...['--target', WASM_TARGET, '--all-targets', '--', '-D', 'warnings'],
      ],
      ['cargo', 'clippy', '-p', 'dm3-widget', '--features', 'gallery', '--target', WASM_TARGET, '--', '-D', 'warnings'],
    ],
  },
  { name: 'programs (native)', commands: [PROGRAMS] },
  { name: 'tests (native)', commands: [again('cargo', '--workspace')] },
  {
    name: 'tests (wasm, headless browser)',
    env: { CHROMEDRIVER },
    commands: [wasmTest('-p', 'dm3-widget')],
  },
  {
    name: 'vectors (wasm)',
    commands: [wasmTest('-p', 'dm3-interop', '--test', 'vectors')],
  },
  { name: 'oracles', commands: [nodeTest(...testsIn('tests/interop'))] },
  {
    name: 'documentation',
    env: { RUSTDOCFLAGS: '-D warnings' },
    commands: [['cargo', 'doc', '-p', 'dm3-core', '--no-deps']],
  },
  { name: 'loader', commands: [nodeTest(...testsIn('widget/js'))] },
  { name: 'package (with size check)', commands: [[process.execPath, 'widget/build.mjs']] },
  // Writes the npm package from what was built, and reads it as those do who install it.
  { name: 'npm package', commands: [nodeTest(...testsIn('tests/package'))] },
  // The contracts of core/contracts on a chain; what is random there is short, and long by a command of its own.
  { name: 'contracts', commands: [nodeTest(...testsIn('tests/contracts'))] },
  { name: 'local network', needs: PROGRAMS, commands: [again('node', ...testsIn('tests/localnet'))] },
  { name: 'embedding (short)', needs: PROGRAMS, commands: [again('node', ...testsIn('tests/embed'))] },
  { name: 'end to end (short)', needs: PROGRAMS, commands: [again('node', ...testsIn('tests/e2e').filter(isShort))] },
];

/** Only when it is asked for. */
const ALL_END_TO_END = {
  name: 'end to end (all)',
  needs: PROGRAMS,
  commands: [
    [process.execPath, 'widget/build.mjs'],
    [process.execPath, 'widget/build.mjs', '--gallery'],
    again('node', ...testsIn('tests/e2e')),
  ],
};

setup('test');

const words = process.argv.slice(2);
const KNOWN = [...STAGES, ALL_END_TO_END];
const stages = words.length === 0 ? STAGES : KNOWN.filter(({ name }) => words.some((word) => name.includes(word)));
if (stages.length === 0) {
  console.error(`No stage is called ${words.join(' or ')}. There are: ${KNOWN.map(({ name }) => name).join(', ')}`);
  process.exit(1);
}

const steps = new Steps();

/** Where tests write down that they did not run, or only the second time. */
const folder = mkdtempSync(join(tmpdir(), 'dm3-tests-'));
const notes = join(folder, 'told');
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Ends with these words; before them stands what is to be looked into though it passed, which nobody finds in the output. */
function close(print, words) {
  const lines = told(notes);
  if (lines.length > 0) print(`\n━━ Look into it:\n${lines.map((line) => `   ${line}`).join('\n')}`);
  print(`\n━━ ${words}\n${steps.report()}`);
}

/** Runs one command of a stage to its end; ends everything if it fails. */
function run(stage, command, env) {
  const [program, ...args] = typeof command === 'function' ? command() : command;
  const { status, signal, error } = spawnSync(program, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...toldIn(notes), ...(done.has(PROGRAMS) && XTASK_ENV), ...env },
  });
  if (status !== 0) {
    const why = `${[program, ...args].join(' ')}: ${error?.message ?? signal ?? `exit code ${status}`}`;
    close(console.error, `FAILED: ${stage}\n   ${why}`);
    process.exit(1);
  }
  done.add(command);
}

for (const [index, { name, needs, commands, env }] of stages.entries()) {
  console.log(`\n━━ ${index + 1}/${stages.length} ${name}`);
  await steps.step(name, () => {
    // Of the stages that were chosen, the first that needs something builds it.
    if (needs && !done.has(needs)) run(name, needs, env);
    for (const command of commands) run(name, command, env);
  });
}
close(console.log, 'All stages passed');
