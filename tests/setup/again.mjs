// Tests of programs that run beside each other – browsers, nodes, databases: what fails is run a second time, by itself.
//
//   node tests/setup/again.mjs node FILE…    files of Node's test runner, two at a time: each waits most of its time for
//                                            a browser or a network of its own
//   node tests/setup/again.mjs cargo         everything that cargo tests
//
// On a busy machine one of more than a thousand tests may fail because of what the machine did meanwhile. That must not cost
// a whole run; nor may it go unseen. So what passed only the second time is named at the end, and more than MOST of such
// files are no accident any more: then the run fails at once.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './index.mjs';

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
 * Test programs of the workspace, each as the arguments that choose it; without any: all. Cargo tells which failed, and of
 * which package; that is left out, since a package that is chosen alone is compiled anew, with what it needs.
 */
async function cargo(programs) {
  const chosen = programs.length > 0 ? [...new Set(programs)].map((one) => one.split(' ')) : [[]];
  const failed = [];
  let passed = true;
  for (const args of chosen) {
    const end = await shown('cargo', ['test', '--workspace', '--no-fail-fast', ...args]);
    passed &&= end.passed;
    failed.push(...[...end.said.matchAll(/^ {4}`-p \S+ ([^`]+)`$/gm)].map(([, name]) => name));
  }
  return { passed, failed };
}

const [kind, ...what] = process.argv.slice(2);
const run = { node, cargo }[kind];
const first = await run(what);
if (!first.passed) {
  // Without a name there is nothing to try again, as where something does not compile.
  if (first.failed.length === 0 || first.failed.length > MOST) process.exit(1);
  console.log(`\n━━ A second time: ${first.failed.join(', ')}`);
  if (!(await run(first.failed, 1)).passed) process.exit(1);
  console.log('\n━━ Passed only the second time, look into it:');
  for (const name of first.failed) console.log(`   ${kind === 'node' ? relative(ROOT, resolve(ROOT, name)) : name}`);
}
