// Canonical JSON: the core against JSON.stringify of values with sorted members.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import shared from '@dm3-org/dm3-lib-shared';
import { loadCore } from './build.mjs';
import { everyCase, randomFor } from './random.mjs';

const core = await loadCore();

/** JSON.stringify keeps the order in which members were added, but for those that look like indexes: hence by hand. */
function sorted(value) {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${sorted(value[key])}`).join(',')}}`;
}

test('any value has the canonical text of JSON.stringify with sorted members', async () => {
  const random = randomFor('values');
  await everyCase(() => {
    const value = random.value();
    const expected = sorted(value);
    assert.equal(core.canonical(JSON.stringify(value)), expected);
    assert.equal(core.canonical(expected), expected, 'the canonical text is its own');
  });
});

test("the reference's stringify makes the same text", async () => {
  const random = randomFor('reference values');
  await everyCase(() => {
    const value = random.value();
    assert.equal(core.canonical(JSON.stringify(value)), shared.stringify(value));
  });
});

test('any bit pattern is written as the number that JavaScript writes', async () => {
  const random = randomFor('numbers');
  await everyCase(() => {
    for (let i = 0; i < 20; i++) {
      const number = random.number();
      const text = Number.isFinite(number) ? String(number === 0 ? 0 : number) : 'null';
      assert.equal(core.canonical(JSON.stringify([number])), `[${text}]`);
      // As other languages write numbers: with exponents, zeros and more digits than a double has.
      if (Number.isFinite(number)) {
        for (const form of [number.toExponential(), number.toExponential(20), number.toPrecision(21).replace(/^-?0$/, '0')]) {
          assert.equal(core.canonical(`[${form}]`), `[${JSON.stringify(Number(form))}]`, form);
        }
      }
    }
  });
});

test('integers of any length are rounded as JavaScript rounds them', async () => {
  const random = randomFor('integers');
  await everyCase(() => {
    const digits = `${random.pick(['', '-'])}${1 + random.below(9)}${random.list(320, () => random.below(10)).join('')}`;
    // What JavaScript would read as an infinity is no value; the core may refuse it, never take it for another.
    const expected = JSON.stringify(JSON.parse(digits));
    let ours;
    try {
      ours = core.canonical(digits);
    } catch {
      assert.equal(expected, 'null');
      return;
    }
    assert.equal(ours, expected);
  });
});

test('a surrogate without its other half is refused, never replaced', async () => {
  const random = randomFor('surrogates');
  let refused = 0;
  await everyCase(() => {
    const strings = (max) => random.list(max, () => random.pick([random.surrogate, () => random.text(3)])()).join('');
    const value = [random.value(3, strings), strings(6)];
    const text = JSON.stringify(value);
    if (wellFormed(value)) {
      assert.equal(core.canonical(text), sorted(value));
    } else {
      assert.throws(() => core.canonical(text));
      refused++;
    }
  });
  assert.ok(refused > 100, `only ${refused} had such a surrogate`);
});

function wellFormed(value) {
  if (typeof value === 'string') return !/\p{Surrogate}/u.test(value);
  if (value === null || typeof value !== 'object') return true;
  return Object.entries(value).every(([key, member]) => wellFormed(key) && wellFormed(member));
}
