// What the build does to the WASM itself, where neither wasm-bindgen nor wasm-opt has an option for it.

import { FUNCTION, imports, withChangedSection, withImports, withoutExports } from './wasm.mjs';

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
