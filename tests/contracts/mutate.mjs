// npm run mutate: takes each guard of the contracts away, one after the other, and runs the tests. A guard that no test
// misses is one that nothing proves.
//
//   npm run mutate                 all of them; five minutes on two cores that others use, too
//   npm run mutate -- NotCovered   only those whose line has one of the words
//
// What is taken away: each `revert`, as a whole and for each part of its condition; whether what is compared may be equal;
// each lock against calling back; and numbers that decide (CHANGES).
//
// A contract is compiled once for each change, and what the tests need beside it once for all; two changes are tried at
// once, each with a chain of its own, until the first test fails.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from '../localnet/process.mjs';
import { PRODUCT, compileSource } from '../localnet/solidity.mjs';
import { setup } from '../setup/index.mjs';
import { helpers } from './world.mjs';

/** How many are tried at once. */
const AT_ONCE = 2;

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
    ['made.state = State.Open;', ''],
    ['made.state = State.Leaving;', ''],
    ['made.state = State.Closed;', ''],
    ['stays = made.state == State.Open || ', 'stays = '],
    ['made.state == State.Leaving && ', ''],
    ['made.state != State.Closed) {', 'true) {'],
    ['burned += amount;\n        emit Burned', 'emit Burned'],
    ['burned += amount;\n        emit DoublyUsed', 'emit DoublyUsed'],
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

/** The other answer to whether two things may be equal. */
const EQUAL = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' };

/** The source with each of its guards taken away, and a line that says which. */
export function mutants(file, source) {
  const found = [];
  const add = (at, text, instead) => {
    const line = source.slice(0, at).split('\n').length;
    const mutated = source.slice(0, at) + instead + source.slice(at + text.length);
    const change = `${text}  →  ${instead || 'nothing'}`.replaceAll(/\s*\n\s*/g, ' ');
    found.push({ file, told: `${file}:${line}  ${change}`, source: mutated });
  };
  for (const { 0: text, 1: condition, index } of source.matchAll(/if \((.+)\) revert \w+\(\);/g)) {
    add(index, text, '');
    for (const joint of [' || ', ' && ']) {
      const parts = condition.split(joint);
      if (parts.length === 1) continue;
      for (const part of parts) {
        add(index, text, text.replace(condition, parts.filter((other) => other !== part).join(joint)));
      }
    }
    for (const { 0: sign, index: at } of condition.matchAll(/(?<= )[<>]=?(?= )/g)) {
      const other = condition.slice(0, at) + EQUAL[sign] + condition.slice(at + sign.length);
      add(index, text, text.replace(condition, other));
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

/** Which test fails with the contracts of this file, if one does; those after it need not be waited for then. */
async function failure(test, contracts) {
  let failed;
  // The same numbers each time, so that what is found once is found again.
  const env = { ...process.env, CONTRACTS: contracts, FIRST_SEED: '1' };
  const path = fileURLToPath(new URL(test, import.meta.url));
  // It ends with this process at the latest, and its chain with it.
  const running = startProcess(process.execPath, ['--test-reporter=tap', path], {
    env,
    onLine(line) {
      const [, name] = /^ *not ok \d+ - (.*)/.exec(line) ?? [];
      if (!name || failed) return;
      failed = name;
      running.stop();
    },
  });
  const code = await running.exited;
  return failed ?? (code === 0 ? undefined : `${test} ended with ${code}`);
}

/** Tries changes of the contracts. */
class Trial {
  #folder = mkdtempSync(join(tmpdir(), 'mutants-'));
  #beside = helpers();

  /** Which test fails with this source in place of the contract's, if one does. */
  async failure(file, source) {
    // What can't be compiled would be found by any test. Optimizing takes longer than the tests.
    const contracts = compileSource(file, source, { evmVersion: 'cancun', isOptimized: false });
    const path = join(this.#folder, `${crypto.randomUUID()}.json`);
    writeFileSync(path, JSON.stringify({ ...contracts, ...this.#beside }));
    let failed;
    for (const test of TESTS[file]) failed ??= await failure(test, path);
    return failed;
  }

  end() {
    rmSync(this.#folder, { recursive: true });
  }
}

async function main() {
  setup('build');
  const words = process.argv.slice(2);
  const chosen = Object.keys(TESTS)
    .flatMap((file) => mutants(file, readFileSync(join(PRODUCT, file), 'utf8')))
    .filter(({ told }) => words.length === 0 || words.some((word) => told.includes(word)));
  const missed = [];
  const trial = new Trial();
  try {
    for (const file of new Set(chosen.map((mutant) => mutant.file))) {
      const failed = await trial.failure(file, readFileSync(join(PRODUCT, file), 'utf8'));
      if (failed) throw new Error(`‘${failed}’ fails with ${file} as it is`);
    }
    const left = [...chosen];
    let done = 0;
    const work = async () => {
      for (let next = left.shift(); next; next = left.shift()) {
        const failed = await trial.failure(next.file, next.source);
        done += 1;
        console.log(`${done}/${chosen.length} ${failed ? 'found ' : 'MISSED'}  ${next.told}${failed ? `\n        by ‘${failed}’` : ''}`);
        if (!failed) missed.push(next.told);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    trial.end();
  }
  console.log(`\n${chosen.length - missed.length} of ${chosen.length} were found`);
  if (missed.length > 0) {
    console.error(`No test misses these:\n${missed.join('\n')}`);
    process.exit(1);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
