// What a run of all tests is not to pass over though it passes: tests that did not run, since this machine lacks what they need,
// and those that passed only the second time. They write it down, a line each, in the file that the variable names
// (node/tests/support/skipped.rs does, too).

import { appendFileSync, existsSync, readFileSync } from 'node:fs';

const FILE = 'DM3_TESTS_TOLD';

/** What programs are told that write into `file`. */
export const toldIn = (file) => ({ [FILE]: file });

/** Writes a line, if somebody reads it at the end. */
export function tell(line) {
  const file = process.env[FILE];
  if (file) appendFileSync(file, `${line}\n`);
}

/** The lines in `file`, each once. */
export function told(file) {
  if (!existsSync(file)) return [];
  return [...new Set(readFileSync(file, 'utf8').split('\n').filter(Boolean))].sort();
}
