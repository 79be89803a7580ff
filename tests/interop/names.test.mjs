// Names are normalised in two places: natively by the core, in the browser by the file it fetches. Both must say the
// same of every name, and refuse the same.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { normalise } from '../../widget/js/names.js';
import { ROOT } from '../setup/index.mjs';

const COUNT = 10_000;
/** What the core bounds before it looks at the letters. */
const MAX_BYTES = 253;

/** Ranges of letters, marks, emoji and their parts, and of what looks like letters. */
const RANGES = [
  [0x20, 0x7e],
  [0xa0, 0x24f],
  [0x300, 0x36f],
  [0x370, 0x3ff],
  [0x400, 0x52f],
  [0x531, 0x5ff],
  [0x600, 0x6ff],
  [0x900, 0x97f],
  [0xe00, 0xe7f],
  [0x1100, 0x11ff],
  [0x1e00, 0x1fff],
  [0x2000, 0x206f],
  [0x20e3, 0x20e3],
  [0x2100, 0x27bf],
  [0x3040, 0x30ff],
  [0x4e00, 0x4fff],
  [0xac00, 0xd7a3],
  [0xfb00, 0xfb4f],
  [0xfe00, 0xfe0f],
  [0xff00, 0xffef],
  [0x1f1e6, 0x1f1ff],
  [0x1f300, 0x1faff],
  [0, 0x10ffff],
];
const EMOJI = ['👨‍👩‍👧', '🏴‍☠️', '🇩🇪', '1️⃣', '❤️', '👍🏽', '‍', '’', "'", '_', '-', '--', '$', 'xn--'];

/** The same numbers each time (mulberry32), so that a failure can be repeated. */
function numbers(seed) {
  return below => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) % below) >>> 0;
  };
}

function randomNames() {
  const random = numbers(15);
  const character = ([first, last]) => {
    const code = first + random(last - first + 1);
    return code >= 0xd800 && code <= 0xdfff ? 'a' : String.fromCodePoint(code);
  };
  const label = () => {
    const home = RANGES[random(RANGES.length)];
    let text = '';
    for (let length = 1 + random(6); length > 0; length--) {
      const kind = random(10);
      if (kind === 0) text += EMOJI[random(EMOJI.length)];
      else text += character(kind === 1 ? RANGES[random(RANGES.length)] : home);
    }
    return text;
  };
  return Array.from({ length: COUNT }, () => (random(4) ? `${label()}.eth` : `${label()}.${label()}`));
}

function inRust(names) {
  const { status, stdout, stderr } = spawnSync(
    'cargo',
    ['run', '--quiet', '-p', 'dm3-core', '--features', 'ensip15', '--example', 'normalise'],
    { cwd: ROOT, input: names.map(name => `${JSON.stringify(name)}\n`).join(''), encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  assert.equal(status, 0, stderr);
  return stdout.trim().split('\n').map(line => JSON.parse(line));
}

describe('names in the core and in the browser', () => {
  test(`${COUNT} random names are normalised, or refused, alike`, () => {
    // The core strips white space around a name and bounds its length before it asks for the tables.
    const names = randomNames()
      .map(name => name.trim())
      .filter(name => name && Buffer.byteLength(name) <= MAX_BYTES);
    const ours = inRust(names);
    let accepted = 0;
    names.forEach((name, i) => {
      const theirs = normalise(name);
      const shown = JSON.stringify(name);
      assert.equal(ours[i].name, theirs.name, `${shown}: ${ours[i].error ?? ''} / ${theirs.reason ?? ''}`);
      if (theirs.name !== undefined) accepted += 1;
    });
    assert.ok(accepted > COUNT / 20 && accepted < names.length, `${accepted} of ${names.length} were accepted`);
    console.log(`${names.length} names, ${accepted} accepted`);
  });

  test('a look-alike is refused with its label and the reason in both', () => {
    assert.deepEqual(normalise('bоb.eth'), { label: 'bоb', reason: 'illegal mixture: Latn + Cyrl "о"\u200e {43E}' });
    assert.deepEqual(normalise('аррӏе.eth'), { label: 'аррӏе', reason: 'whole-script confusable: Cyrl/Latn' });
    const [mixed, whole] = inRust(['bоb.eth', 'аррӏе.eth']);
    assert.match(mixed.error, /‘о’ in “bоb” is not Latin and looks like “o”/);
    assert.match(whole.error, /“аррӏе” is written in Cyrillic and can be taken for Latin and looks like “apple”/);
  });
});
