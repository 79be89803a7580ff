// What passes only the second time, or does not run, is named where a run of all tests ends.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT } from '../setup/index.mjs';
import { told, toldIn } from '../setup/told.mjs';

let folder;
before(() => (folder = mkdtempSync(join(tmpdir(), 'dm3-told-'))));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A file of tests: the first time it runs, it fails. */
function flaky() {
  const file = join(folder, 'flaky.test.mjs');
  const mark = JSON.stringify(join(folder, 'ran'));
  writeFileSync(
    file,
    `import { existsSync, writeFileSync } from 'node:fs';
    import { test } from 'node:test';
    test('the machine is busy', () => {
      if (existsSync(${mark})) return;
      writeFileSync(${mark}, '');
      throw new Error('too late');
    });`,
  );
  return file;
}

test('a file that passes only the second time is written down', () => {
  const [notes, file] = [join(folder, 'notes'), flaky()];
  // Else Node's runner takes it for a file of its own run, and prints nothing.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout } = spawnSync(process.execPath, ['tests/setup/again.mjs', 'node', file], {
    cwd: ROOT,
    env: { ...env, ...toldIn(notes) },
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /Passed only the second time/);
  const lines = told(notes);
  assert.equal(lines.length, 1);
  assert.match(lines[0], /^passed only the second time: .*flaky\.test\.mjs$/);
});

test('what is written down more than once is told once', () => {
  const notes = join(folder, 'more');
  assert.deepEqual(told(notes), []);
  writeFileSync(notes, 'did not run: b\ndid not run: a\ndid not run: b\n');
  assert.deepEqual(told(notes), ['did not run: a', 'did not run: b']);
});
