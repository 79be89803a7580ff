// Looks through the contracts for known kinds of mistakes, with slither (Trail of Bits, AGPL; a tool of Python's that is run
// and in nothing that is published). Each finding that stands here is explained; another one fails, and so does an
// explanation of what is found no more.
//
//   python3 -m venv FOLDER && FOLDER/bin/pip install slither-analyzer
//   PATH=FOLDER/bin:$PATH npm run audit

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMPILER = fileURLToPath(new URL('solc.mjs', import.meta.url));

/** What is found and is no mistake: the kind, where, and why. */
const LOCKED = 'all that moves tokens takes turns (nonReentrant); slither does not read the lock in transient storage';
const SECONDS = 'whole days and weeks are compared; validators can shift the time by seconds';
const EXPLAINED = {
  'Deposits.sol': [
    ['uninitialized-state', 'deposits', 'a mapping begins empty; it is written through references to its entries'],
    ['divide-before-multiply', '_bits', 'the divisions make masks out of all ones, without a rest'],
  ],
  'Attention.sol': [
    ['reentrancy-no-eth', 'offerSigned', LOCKED],
    ['reentrancy-benign', 'offerWithPermit', LOCKED],
    ['timestamp', 'giveBack', SECONDS],
    ['timestamp', '_begin', SECONDS],
    ['timestamp', '_claim', SECONDS],
  ],
};

/** What slither finds in a contract: the kind, and the name of what it is about. */
function found(file) {
  const contract = join(ROOT, 'core', 'contracts', file);
  const options = ['--compile-force-framework', 'solc', '--solc', COMPILER, '--filter-paths', 'node_modules', '--json', '-'];
  const { stdout, stderr, error } = spawnSync('slither', [contract, ...options], { encoding: 'utf8', cwd: ROOT });
  if (error) throw new Error(`slither can't be run (${error.message}); how it is installed stands in ${import.meta.url}`);
  const { success, results } = stdout.startsWith('{') ? JSON.parse(stdout) : {};
  if (!success) throw new Error(`slither can't read ${file}\n${stderr}`);
  return (results.detectors ?? []).map(({ check, elements, description }) => ({
    key: `${check} ${elements[0]?.name}`,
    description,
  }));
}

let isFine = true;
for (const [file, explained] of Object.entries(EXPLAINED)) {
  const findings = found(file);
  const open = findings.filter(({ key }) => !explained.some(([kind, name]) => key === `${kind} ${name}`));
  const gone = explained.filter(([kind, name]) => !findings.some(({ key }) => key === `${kind} ${name}`));
  console.log(`${file}: ${findings.length} findings, ${open.length} not explained`);
  for (const { key, description } of open) console.error(`not explained: ${key}\n${description}`);
  for (const [kind, name] of gone) console.error(`explained and found no more: ${kind} ${name}`);
  isFine &&= open.length === 0 && gone.length === 0;
}
process.exitCode = isFine ? 0 : 1;
