// Tests of programs that run beside each other – browsers, nodes, databases: what fails is run a second time, by itself.
//
//   node tests/setup/again.mjs node FILE…    files of Node's test runner, two at a time: each waits most of its time for
//                                            a browser or a network of its own
//   node tests/setup/again.mjs cargo WORD…   what `cargo test` with these words tests, natively or in a browser
//
// On a busy machine one of more than a thousand tests may fail because of what the machine did meanwhile. That must not cost
// a whole run; nor may it go unseen. So what passed only the second time is named, here and at the end of `npm test`, and more
// than MOST of such files are no accident any more: then the run fails at once.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './index.mjs';
import { tell } from './told.mjs';

const MOST = 3;
const AT_ONCE = 2;
const REPORTER = fileURLToPath(new URL('failed.mjs', import.meta.url));

/** Runs a program and shows what it prints; resolves with whether it passed, and what it said as errors. */
function shown(program, args) {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
      process.stderr.write(text);
    });
    child.once('error', failed);
    child.once('close', (code) => done({ passed: code === 0, said }));
  });
}

/** Files of Node's test runner; a reporter of ours writes down which failed. */
async function node(files, atOnce = AT_ONCE) {
  const folder = mkdtempSync(join(tmpdir(), 'dm3-again-'));
  const list = join(folder, 'failed');
  try {
    const { passed } = await shown(process.execPath, [
      ...['--test', `--test-concurrency=${atOnce}`],
      ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
      ...[`--test-reporter=${REPORTER}`, `--test-reporter-destination=${list}`],
      ...files,
    ]);
    const named = new Set(readFileSync(list, 'utf8').split('\n').filter(Boolean));
    return { passed, failed: files.filter((file) => named.has(resolve(ROOT, file))) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * What `cargo test` with some words tests, or of it some programs, each as the arguments that choose it. Cargo tells which
 * failed, and of which package; that is left out, since a package that is chosen alone is compiled anew, with what it needs.
 */
async function cargo(words, programs = ['']) {
  const failed = [];
  let passed = true;
  for (const program of new Set(programs)) {
    const chosen = program.split(' ').filter(Boolean);
    const end = await shown('cargo', ['test', '--no-fail-fast', ...words, ...chosen]);
    passed &&= end.passed;
    failed.push(...[...end.said.matchAll(/^ {4}`-p \S+ ([^`]+)`$/gm)].map(([, name]) => name));
  }
  return { passed, failed };
}

const [kind, ...what] = process.argv.slice(2);
const first = await (kind === 'node' ? node(what) : cargo(what));
if (!first.passed) {
  // Without a name there is nothing to try again, as where something does not compile.
  if (first.failed.length === 0 || first.failed.length > MOST) process.exit(1);
  console.log(`\n━━ A second time: ${first.failed.join(', ')}`);
  const second = await (kind === 'node' ? node(first.failed, 1) : cargo(what, first.failed));
  if (!second.passed) process.exit(1);
  console.log('\n━━ Passed only the second time, look into it:');
  for (const name of first.failed.map((name) => (kind === 'node' ? relative(ROOT, resolve(ROOT, name)) : name))) {
    console.log(`   ${name}`);
    tell(`passed only the second time: ${name}`);
  }
}
