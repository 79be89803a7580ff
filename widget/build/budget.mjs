// What each file weighs, and what it may weigh. Brotli bytes, as servers send them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { dev, dist, fail } from './context.mjs';
import { FILES, MAIN, PARTS, chain } from './parts.mjs';
import { LANGUAGES, textFile } from './texts.mjs';

const LOADER_LIMIT = 6_000;
/**
 * Up to the first message sent by somebody who is here for the first time. What it may be is 240,000, and was until the
 * engine came. Until it is again, the limit holds what there is, and the build says how far it is from where it should be.
 * The same sources weigh some hundred bytes more or less in another folder, since the compiler orders by paths: what the
 * limits leave above what is measured is for that.
 */
const FIRST_VISIT = { aim: 220_000, due: 240_000, limit: 336_500 };
/** What somebody who comes back loads before the list. */
const RETURN = { aim: 205_000, limit: 184_500 };
/** A part should be 40,000; what is above that is for other folders. */
const PART = { due: 40_000, limit: 40_400 };
/** The rules for names outside ASCII, which most people never fetch. */
const NAMES_LIMIT = 20_000;
/** The two ends of the isolated mode, each; pages without it fetch neither. */
const ISOLATED_LIMIT = 6_000;
/** The texts of one language; English is in the WASM. */
const LANGUAGE_LIMIT = 15_000;

/** Parts that a first visit loads until its first message is sent. */
const FIRST_PARTS = ['sign-in', 'thread'];

/** Prints the table, and fails above a limit. */
export function report() {
  const loader = measured('loader', [FILES.loader]);
  const main = measured('WASM', [MAIN.file]);
  const glue = measured('glue', [FILES.glue]);
  const parts = PARTS.map(({ name, file }) => ({
    ...measured(name, [file]),
    ...PART,
  }));
  const returning = sum('who comes back', [loader, main, glue]);
  const firstParts = new Set(FIRST_PARTS.flatMap(chain));
  const first = sum('first visit', [returning, ...parts.filter(({ part }) => firstParts.has(part))]);
  const all = sum('all of it', [returning, ...parts]);
  const rows = [
    { ...loader, limit: LOADER_LIMIT },
    main,
    glue,
    ...parts,
    { ...measured('names', [FILES.names]), limit: NAMES_LIMIT },
    { ...measured('isolated', [FILES.isolated]), limit: ISOLATED_LIMIT },
    { ...measured('frame', [FILES.frame]), limit: ISOLATED_LIMIT },
    ...LANGUAGES.map(language => ({ ...measured(`text ${language}`, [textFile(language)]), limit: LANGUAGE_LIMIT })),
    { ...returning, ...RETURN },
    { ...first, ...FIRST_VISIT },
    all,
  ];
  print(rows);
  if (dev) return console.log('\nA development build: no budget applies.');
  for (const { part, brotli, due } of rows) {
    if (brotli > due) console.log(`\nMISSED: ${part} should be ${due.toLocaleString('en')}; it is ${(brotli - due).toLocaleString('en')} above`);
  }
  for (const { part, brotli, limit } of rows) {
    if (brotli > limit) fail(`${part} is ${brotli} bytes after brotli; ${limit} are allowed`);
  }
}

function measured(part, [file]) {
  const bytes = readFileSync(join(dist, file));
  return { part, file, raw: bytes.length, brotli: brotli(bytes) };
}

function sum(part, rows) {
  const of = key => rows.reduce((total, row) => total + row[key], 0);
  return { part, file: '', raw: of('raw'), brotli: of('brotli') };
}

/** The distance is to the aim where there is one, else to the limit; negative is above. */
function print(rows) {
  const line = (part, file, ...numbers) =>
    console.log(part.padEnd(16) + file.padEnd(24) + numbers.map(number => number.padStart(10)).join(''));
  console.log();
  line('part', 'file', 'raw', 'brotli', 'aim', 'limit', 'distance');
  for (const { part, file, raw, brotli, aim, limit } of rows) {
    const goal = aim ?? limit;
    const cells = [raw, brotli, aim, limit, goal && goal - brotli].map(bytes => bytes?.toLocaleString('en') ?? '');
    line(part, file, ...cells);
  }
}

function brotli(bytes) {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
}
