// What the build does to the WASM itself, where neither wasm-bindgen nor wasm-opt has an option for it.

import { similarOrder } from './order.mjs';

const SECTION = { custom: 0, import: 2, code: 10, data: 11 };
const ACTIVE = 0;
const I32_CONST = 0x41;
const END = 0x0b;
const FUNCTION = 0;
const FUNCTION_NAMES = 1;

/** Functions that are reached only in a panic. */
const PANICS = new RegExp(
  [
    'panicking::(panic|assert_failed|unwrap_failed|begin_panic)',
    'rust_(begin_unwind|panic)\\b',
    '(option|result|str|cell)::(\\w+::)*\\w*(unwrap|expect|slice_error|panic_already)_?\\w*(failed|fail|borrowed)',
    'slice_error_fail|slice_index_fail|len_mismatch_fail|capacity_overflow|handle_alloc_error',
  ].join('|'),
);

/**
 * Makes every panic a trap at once. It would end in one anyway: panics abort, and nobody prints their text in a
 * browser. What is left without callers – formatting most of all – is for wasm-opt to remove. Needs function names.
 */
export function trapOnPanic(wasm) {
  const trap = Buffer.from([0, 0x00, END]);
  let trapped = 0;
  const emptied = replaceBodies(wasm, name => {
    if (!PANICS.test(name)) return undefined;
    trapped++;
    return trap;
  });
  if (trapped < 10) throw new Error('hardly any panic was found: have the names of the standard library changed?');
  return emptied;
}

/** Names the functions so that sorting them by name puts those together that resemble each other. */
export function nameBySimilarity(wasm) {
  const imports = section(wasm, SECTION.import, importEntry).length;
  const bodies = section(wasm, SECTION.code, reader => reader.bytes(reader.number()));
  const places = new Array(bodies.length);
  for (const [place, number] of similarOrder(bodies).entries()) places[number] = place;
  const name = place => text(String(place).padStart(6, '0'));
  const functions = Buffer.concat([
    leb(bodies.length),
    ...places.flatMap((place, number) => [leb(imports + number), name(place)]),
  ]);
  const names = Buffer.concat([text('name'), Buffer.from([FUNCTION_NAMES]), leb(functions.length), functions]);
  const kept = sections(wasm).filter(({ id, from }) => id !== SECTION.custom || new Reader(wasm, from).text() !== 'name');
  return Buffer.concat([
    wasm.subarray(0, 8),
    ...kept.map(({ start, end }) => wasm.subarray(start, end)),
    ...[Buffer.from([SECTION.custom]), leb(names.length), names],
  ]);
}

/** Puts `replace(name, index)` in the place of bodies for which it gives one. `index` leaves imports out. */
function replaceBodies(wasm, replace) {
  const names = functionNames(wasm);
  const imported = section(wasm, SECTION.import, importEntry).filter(({ kind }) => kind === FUNCTION).length;
  const bodies = section(wasm, SECTION.code, reader => reader.bytes(reader.number())).map(
    (body, index) => replace(names.get(imported + index) ?? '', index) ?? body,
  );
  return replaceSection(wasm, SECTION.code, [
    leb(bodies.length),
    ...bodies.flatMap(body => [leb(body.length), body]),
  ]);
}

/**
 * Empties the source locations that panics would print: file name and `core::panic::Location`, four words of name,
 * its length, line and column. Zeros compress to nothing. Whoever reads one all the same sees an empty name.
 */
export function forgetLocations(wasm) {
  const emptied = Buffer.from(wasm);
  const segments = section(emptied, SECTION.data, dataSegment);
  const at = (address, length) => {
    const segment = segments.find(({ start, bytes }) => address >= start && address + length <= start + bytes.length);
    return segment?.bytes.subarray(address - segment.start, address - segment.start + length);
  };
  const found = [];
  for (const { start, bytes } of segments) {
    for (let offset = -start & 3; offset + 16 <= bytes.length; offset += 4) {
      const [name, length, line, column] = [0, 4, 8, 12].map(word => bytes.readUInt32LE(offset + word));
      if (length > 300 || line < 1 || line > 100_000 || column < 1 || column > 1_000) continue;
      const path = at(name, length);
      if (path && /^[ -~]+\.rs\0?$/.test(path.toString('latin1'))) found.push(path, bytes.subarray(offset, offset + 16));
    }
  }
  if (found.length < 100) throw new Error('hardly any source location was found: has their layout changed?');
  for (const bytes of found) bytes.fill(0);
  return emptied;
}

/**
 * Renames what the WASM imports from the glue: wasm-bindgen's names are long, and hashes do not compress. Fails if one
 * of the two does not look as expected: then wasm-bindgen has changed.
 */
export function shortenImports(wasm, glue) {
  const entries = section(wasm, SECTION.import, importEntry);
  const names = new Map();
  for (const { name, kind } of entries) {
    if (kind !== FUNCTION) throw new Error(`the WASM imports ${name}, which is no function`);
    names.set(name, names.get(name) ?? `$${names.size.toString(36)}`);
  }
  let shortGlue = glue;
  for (const [name, short] of names) {
    const key = new RegExp(`^(\\s+)${name.replaceAll('$', '\\$')}:`, 'gm');
    if ([...shortGlue.matchAll(key)].length !== 1) throw new Error(`the glue does not define ${name} once`);
    shortGlue = shortGlue.replace(key, (_, space) => `${space}${short}:`);
  }
  const module = /"\.\/[^"]+_bg\.js": import0/;
  if (!module.test(shortGlue)) throw new Error('the glue does not name the module of its imports');
  return {
    wasm: replaceSection(wasm, SECTION.import, [
      leb(entries.length),
      ...entries.flatMap(({ name, rest }) => [text('m'), text(names.get(name)), rest]),
    ]),
    glue: shortGlue.replace(module, 'm: import0'),
  };
}

function importEntry(reader) {
  reader.bytes(reader.number());
  const name = reader.text();
  const from = reader.at;
  const kind = reader.bytes(1)[0];
  // Functions alone are expected; they have one index.
  reader.number();
  return { name, kind, rest: reader.wasm.subarray(from, reader.at) };
}

/** Where a segment's bytes go in memory, and the bytes. */
function dataSegment(reader) {
  const [mode, opcode] = [reader.number(), reader.number()];
  if (mode !== ACTIVE || opcode !== I32_CONST) throw new Error('a data segment is not where it was expected');
  const start = reader.number();
  reader.bytes(1);
  return { start, bytes: reader.bytes(reader.number()) };
}

/** Function names of the custom section "name", by index. */
function functionNames(wasm) {
  const names = new Map();
  for (const { id, from, end } of sections(wasm)) {
    if (id !== SECTION.custom) continue;
    const reader = new Reader(wasm, from);
    if (reader.text() !== 'name') continue;
    while (reader.at < end) {
      const part = reader.bytes(1)[0];
      const after = reader.number() + reader.at;
      if (part === FUNCTION_NAMES) for (let count = reader.number(); count > 0; count--) names.set(reader.number(), reader.text());
      reader.at = after;
    }
  }
  return names;
}

/** The entries of the vector in a section. */
function section(wasm, wanted, readEntry) {
  const { from } = sections(wasm).find(({ id }) => id === wanted);
  const reader = new Reader(wasm, from);
  return Array.from({ length: reader.number() }, () => readEntry(reader));
}

function replaceSection(wasm, wanted, parts) {
  const { start, end } = sections(wasm).find(({ id }) => id === wanted);
  const body = Buffer.concat(parts);
  return Buffer.concat([wasm.subarray(0, start), Buffer.from([wanted]), leb(body.length), body, wasm.subarray(end)]);
}

function sections(wasm) {
  const found = [];
  const reader = new Reader(wasm, 8);
  while (reader.at < wasm.length) {
    const start = reader.at;
    const id = reader.bytes(1)[0];
    const length = reader.number();
    found.push({ id, start, from: reader.at, end: reader.at + length });
    reader.at += length;
  }
  return found;
}

class Reader {
  constructor(wasm, at) {
    this.wasm = wasm;
    this.at = at;
  }

  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.wasm[this.at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  bytes(length) {
    this.at += length;
    return this.wasm.subarray(this.at - length, this.at);
  }

  text() {
    return this.bytes(this.number()).toString('utf8');
  }
}

function text(value) {
  const bytes = Buffer.from(value);
  return Buffer.concat([leb(bytes.length), bytes]);
}

function leb(value) {
  const bytes = [];
  do {
    bytes.push((value % 128) | (value >= 128 ? 128 : 0));
    value = Math.floor(value / 128);
  } while (value > 0);
  return Buffer.from(bytes);
}
