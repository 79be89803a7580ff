// npm test: all stages in order, each under a heading and timed; the first failure ends the run.
//
//   node tests/run.mjs              everything
//   node tests/run.mjs lint e2e     only the stages whose name contains one of the words

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, setup } from './setup/index.mjs';

const WASM_TARGET = 'wasm32-unknown-unknown';

const testsIn = (folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.test.mjs'))
    .map((name) => join(folder, name));

// One file after the other: each starts a network and a browser of its own.
const nodeTest = (...files) => [process.execPath, '--test', '--test-reporter=spec', '--test-concurrency=1', ...files];

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
    ],
  },
  { name: 'tests (native)', commands: [['cargo', 'test', '--workspace']] },
  {
    name: 'tests (wasm, headless browser)',
    // The runner is xtask, as .cargo/config.toml says. Debian's driver fits Debian's browser.
    env: { CHROMEDRIVER: process.env.CHROMEDRIVER ?? '/usr/bin/chromedriver' },
    commands: [
      ['cargo', 'build', '-p', 'xtask'],
      ['cargo', 'test', '-p', 'dm3-widget', '--target', WASM_TARGET],
    ],
  },
  {
    name: 'vectors (wasm)',
    commands: [['cargo', 'test', '-p', 'dm3-interop', '--target', WASM_TARGET, '--test', 'vectors']],
  },
  { name: 'oracles', commands: [nodeTest(...testsIn('tests/interop'))] },
  {
    name: 'documentation',
    env: { RUSTDOCFLAGS: '-D warnings' },
    commands: [['cargo', 'doc', '-p', 'dm3-core', '--no-deps']],
  },
  { name: 'loader', commands: [nodeTest(...testsIn('widget/js'))] },
  { name: 'package (with size check)', commands: [[process.execPath, 'widget/build.mjs']] },
  {
    name: 'local network',
    // The programs and examples as the tests above built them; any other command would compile them once more.
    commands: [['cargo', 'test', '--workspace', '--no-run'], nodeTest(...testsIn('tests/localnet'))],
  },
  { name: 'end to end', commands: [nodeTest(...testsIn('tests/e2e'))] },
];

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

setup('test');

const words = process.argv.slice(2);
const stages = STAGES.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
if (stages.length === 0) {
  console.error(`No stage is called ${words.join(' or ')}. There are: ${STAGES.map(({ name }) => name).join(', ')}`);
  process.exit(1);
}

const started = performance.now();
const done = [];
for (const [index, { name, commands, env }] of stages.entries()) {
  console.log(`\n━━ ${index + 1}/${stages.length} ${name}`);
  const stageStarted = performance.now();
  for (const [program, ...args] of commands) {
    const { status, signal, error } = spawnSync(program, args, {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, ...env },
    });
    if (status === 0) continue;
    console.error(`\n━━ FAILED: ${name} after ${seconds(stageStarted)}`);
    console.error(`   ${[program, ...args].join(' ')}: ${error?.message ?? signal ?? `exit code ${status}`}`);
    process.exit(1);
  }
  done.push(`  ✔ ${name} (${seconds(stageStarted)})`);
}
console.log(`\n━━ All stages passed in ${seconds(started)}\n${done.join('\n')}`);
