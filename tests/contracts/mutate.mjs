// npm run mutate: takes each guard of the contracts away, one after the other, and runs the tests. A guard that no test
// misses is one that nothing proves.
//
//   npm run mutate                 all of them; some fifteen minutes
//   npm run mutate -- NotCovered   only those whose line has one of the words
//
// What is taken away: each `revert`, as a whole and for each part of its condition; each lock against calling back; and
// numbers that decide (CHANGES).

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setup } from '../setup/index.mjs';
import { PRODUCT, compileSolidity } from '../localnet/solidity.mjs';

const TESTS = {
  'Deposits.sol': ['deposits.test.mjs', 'properties.test.mjs'],
  'Attention.sol': ['attention.test.mjs'],
};

/** Lines whose numbers, signs or order decide, and what is wrong instead. */
const CHANGES = {
  'Deposits.sol': [
    ['EPOCH = 1 weeks', 'EPOCH = 8 days'],
    ['NOTICE = 3', 'NOTICE = 2'],
    ['uint256(of_) + 2 <=', 'uint256(of_) + 1 <='],
    ['made.state = State.Closed;', ''],
    ['made.halves[0].amount = 0;', ''],
    ['made.halves[1].amount = 0;', ''],
    ['half.amount -= amount;', ''],
    ['half.burned = gone | slots;', 'half.burned = slots;'],
    ['half.epoch = voucher.epoch;', ''],
    ['half.epoch == of_ ? half.burned : 0', 'half.burned'],
    ['half.amount / slot + _bits(gone)', 'half.amount / slot'],
    ['arrived - even', 'even'],
    ['buried += amount;', ''],
    ['.halves[voucher.epoch % 2]', '.halves[0]'],
    ['slots > MOST_SLOTS', 'slots > 2 * MOST_SLOTS'],
    ['} catch {}', '} catch { revert NoKey(); }'],
    ['uint256 arrived = token.balanceOf(address(this)) - before;', 'uint256 arrived = amount;'],
  ],
  'Attention.sol': [
    ['LONGEST = 90 days', 'LONGEST = 91 days'],
    ['payment.state = State.Held;', 'payment.state = State.None;'],
    ['payment.state = State.Done;', ''],
    ['} catch {}', '} catch { revert NoAnswer(); }'],
    ['payments[id].amount = SafeCast.toUint128(arrived);', 'payments[id].amount = request.amount;'],
    ['0, request.until, id,', '0, request.until, request.topic,'],
  ],
};

/** The source with each of its guards taken away, and a line that says which. */
export function mutants(file, source) {
  const found = [];
  const add = (at, text, instead) => {
    const line = source.slice(0, at).split('\n').length;
    const mutated = source.slice(0, at) + instead + source.slice(at + text.length);
    found.push({ file, told: `${file}:${line}  ${text}  →  ${instead || 'nothing'}`, source: mutated });
  };
  for (const { 0: text, 1: condition, index } of source.matchAll(/if \((.+)\) revert \w+\(\);/g)) {
    add(index, text, '');
    const parts = condition.split(' || ');
    if (parts.length === 1 || condition.startsWith('!SignatureChecker')) continue;
    for (const part of parts) {
      add(index, text, text.replace(condition, parts.filter((other) => other !== part).join(' || ')));
    }
  }
  for (const { 0: text, index } of source.matchAll(/(?<=[)\s])nonReentrant\b/g)) add(index, text, '');
  for (const [text, instead] of CHANGES[file]) {
    const at = source.indexOf(text);
    if (at < 0) throw new Error(`${file} has no ‘${text}’`);
    add(at, text, instead);
  }
  // What a whole condition depends on beside its parts.
  for (const part of [' && one.epoch == other.epoch', '_slots(one) & ']) {
    const at = source.indexOf(part);
    if (at >= 0) add(at, part, '');
  }
  return found;
}

/** Whether a test fails with the contracts of this folder; its others need not be waited for then. */
async function isFoundBy(test, folder) {
  // The same numbers each time, so that what is found once is found again.
  const env = { ...process.env, CONTRACTS: folder, FIRST_SEED: '1' };
  const path = fileURLToPath(new URL(test, import.meta.url));
  const running = spawn(process.execPath, ['--test-reporter=tap', path], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise((resolve) => running.once('close', (code) => resolve(code !== 0)));
  createInterface(running.stdout).on('line', (line) => {
    if (/^ *not ok /.test(line)) running.kill();
  });
  return ended;
}

async function main() {
  setup('build');
  const words = process.argv.slice(2);
  const chosen = Object.keys(TESTS)
    .flatMap((file) => mutants(file, readFileSync(join(PRODUCT, file), 'utf8')))
    .filter(({ told }) => words.length === 0 || words.some((word) => told.includes(word)));
  const folder = mkdtempSync(join(tmpdir(), 'mutants-'));
  const missed = [];
  try {
    for (const [file, tests] of Object.entries(TESTS)) {
      writeFileSync(join(folder, file), readFileSync(join(PRODUCT, file), 'utf8'));
      for (const test of tests) {
        if (await isFoundBy(test, folder)) throw new Error(`${test} fails with ${file} as it is`);
      }
    }
    for (const [index, { file, told, source }] of chosen.entries()) {
      writeFileSync(join(folder, file), source);
      // What can't be compiled would be found by any test.
      compileSolidity(file, { folder, evmVersion: 'cancun', isOptimized: false });
      let isFound = false;
      for (const test of TESTS[file]) isFound ||= await isFoundBy(test, folder);
      console.log(`${index + 1}/${chosen.length} ${isFound ? 'found ' : 'MISSED'}  ${told}`);
      if (!isFound) missed.push(told);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.log(`\n${chosen.length - missed.length} of ${chosen.length} were found`);
  if (missed.length > 0) {
    console.error(`No test misses these:\n${missed.join('\n')}`);
    process.exit(1);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
