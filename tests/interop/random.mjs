// Random inputs for the oracle tests. A failing run prints its seed; DM3_SEED repeats it.
import { createHash, randomInt } from 'node:crypto';

/** Cases in each direction. */
export const CASES = 1000;

export const SEED = process.env.DM3_SEED ?? String(randomInt(2 ** 47));
console.log(`# random inputs of DM3_SEED=${SEED}`);

/** A stream of its own for each name of a stream, so that tests do not depend on each other's order. */
export function randomFor(stream) {
  let block = Buffer.alloc(0);
  let counter = 0;
  const bytes = (length) => {
    const parts = [];
    for (let missing = length; missing > 0; ) {
      if (block.length === 0) block = createHash('sha512').update(`${SEED} ${stream} ${counter++}`).digest();
      parts.push(block.subarray(0, missing));
      missing -= parts.at(-1).length;
      block = block.subarray(parts.at(-1).length);
    }
    return Buffer.concat(parts);
  };
  const below = (limit) => bytes(6).readUIntBE(0, 6) % limit;
  const pick = (list) => list[below(list.length)];
  const list = (max, make) => Array.from({ length: below(max + 1) }, make);
  const character = () =>
    pick([
      () => String.fromCharCode(32 + below(95)),
      () => String.fromCharCode(below(32)),
      () => pick(['"', '\\', '/', '\u007f', '\u2028', '\u2029', '\ufeff', '\u00ad', '\u200d']),
      () => String.fromCodePoint(0x80 + below(0xd800 - 0x80)),
      () => String.fromCodePoint(0xe000 + below(0x2000)),
      () => String.fromCodePoint(0x10000 + below(0x100000)),
    ])();
  const text = (max = 40) => list(max, character).join('');
  const surrogate = () => String.fromCharCode(0xd800 + below(0x800));
  const number = () =>
    pick([
      () => bytes(8).readDoubleBE(0),
      () => below(1000) - 500,
      () => -0,
      () => (below(2 ** 20) - 2 ** 19) * 10 ** (below(60) - 30),
      () => Number(bytes(8).readBigInt64BE(0)),
      () => Number.MAX_SAFE_INTEGER + below(100),
      () => pick([5e-324, Number.MAX_VALUE, 1e21, 1e-7, 123456789012345680000, 0.1 + 0.2]),
    ])();
  const value = (depth = 4, strings = text) => {
    const leaf = [() => null, () => true, () => false, number, () => strings(12)];
    const branch = [
      () => list(4, () => value(depth - 1, strings)),
      () => Object.fromEntries(list(5, () => [strings(6), value(depth - 1, strings)])),
    ];
    return pick(depth > 0 ? [...leaf, ...branch, ...branch] : leaf)();
  };
  const label = () => Array.from({ length: 1 + below(12) }, () => pick([...'abcdefghijklmnopqrstuvwxyz0123456789-'])).join('');
  const name = () => {
    const labels = Array.from({ length: 1 + below(3) }, () => `x${label()}y`.replace(/--/g, '-z'));
    return [...labels, pick(['eth', 'xyz', 'addr.dm3.eth'])].join('.');
  };
  return { bytes, below, pick, list, text, surrogate, number, value, name };
}

/** An error says with which case and seed it came. */
export async function everyCase(check, cases = CASES) {
  for (let i = 0; i < cases; i++) {
    try {
      await check(i);
    } catch (error) {
      error.message = `case ${i} of DM3_SEED=${SEED}: ${error.message}`;
      throw error;
    }
  }
}
