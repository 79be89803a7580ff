// What the build does to the WASM itself, where neither wasm-bindgen nor wasm-opt has an option for it. Each takes all
// modules of the element, the main one first, because a part calls and reads what lies in the main module.

import {
  FUNCTION,
  bodies,
  functionNames,
  importedFunctions,
  imports,
  segments,
  withBodies,
  withChangedSection,
  withImports,
  withoutExports,
} from './wasm.mjs';

const END = 0x0b;

/** What Leptos brings for functions of its servers: streams. Exported to JavaScript, they would stay though nobody uses them. */
const UNUSED = 'wasm_streams::';
const UNUSED_EXPORTS = /^(__wbg_|__wbindgen_describe_)?intounderlying/;

/** The linked WASM without exports that nobody uses; what only they need is then left out by whoever cuts it. */
export function dropUnusedExports(wasm) {
  // Of each use of wasm-bindgen, its version and what it declares; each with its length before it.
  const kept = withChangedSection(wasm, '__wasm_bindgen_unstable', body => {
    const [uses, declared] = [[], []];
    for (let at = 0; at < body.length; ) {
      const end = at + 4 + body.readUInt32LE(at);
      declared.push(body.subarray(at, end));
      if (declared.length === 2) uses.push(Buffer.concat(declared.splice(0)));
      at = end;
    }
    const others = uses.filter(use => !use.includes(UNUSED));
    if (others.length === uses.length) throw new Error('no unused export was found: has Leptos changed?');
    return Buffer.concat(others);
  });
  return withoutExports(kept, name => UNUSED_EXPORTS.test(name));
}


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
export function trapOnPanic(modules) {
  const trap = Buffer.from([0, 0x00, END]);
  let trapped = 0;
  const emptied = modules.map(wasm => {
    const names = functionNames(wasm);
    const first = importedFunctions(wasm);
    const panics = (_, number) => PANICS.test(names.get(first + number) ?? '');
    trapped += bodies(wasm).filter(panics).length;
    return withBodies(wasm, bodies(wasm).map((body, number) => (panics(body, number) ? trap : body)));
  });
  if (trapped < 10) throw new Error('hardly any panic was found: have the names of the standard library changed?');
  return emptied;
}

/**
 * Empties the source locations that panics would print: file name and `core::panic::Location`, four words of name,
 * its length, line and column. Zeros compress to nothing. Whoever reads one all the same sees an empty name.
 */
export function forgetLocations(modules) {
  const emptied = modules.map(wasm => Buffer.from(wasm));
  const memory = emptied.flatMap(segments);
  const at = (address, length) => {
    const segment = memory.find(({ start, bytes }) => address >= start && address + length <= start + bytes.length);
    return segment?.bytes.subarray(address - segment.start, address - segment.start + length);
  };
  const found = [];
  for (const { start, bytes } of memory) {
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
  const names = new Map();
  for (const { module, name, kind } of imports(wasm)) {
    if (kind !== FUNCTION) throw new Error(`the WASM imports ${name}, which is no function`);
    if (module.endsWith('_bg.js')) names.set(name, names.get(name) ?? `$${names.size.toString(36)}`);
  }
  let shortGlue = glue;
  for (const [name, short] of names) {
    const key = new RegExp(`^(\\s+)${name.replaceAll('$', '\\$')}:`, 'gm');
    if ([...shortGlue.matchAll(key)].length !== 1) throw new Error(`the glue does not define ${name} once`);
    shortGlue = shortGlue.replace(key, (_, space) => `${space}${short}:`);
  }
  const module = /"\.\/[^"]+_bg\.js": import0/;
  if (!module.test(shortGlue)) throw new Error('the glue does not name the module of its imports');
  const short = entry => (names.has(entry.name) ? { ...entry, module: 'm', name: names.get(entry.name) } : entry);
  return { wasm: withImports(wasm, imports(wasm).map(short)), glue: shortGlue.replace(module, 'm: import0') };
}
