// Reading WASM modules, and writing them anew with a section changed.

export const SECTION = { custom: 0, import: 2, export: 7, code: 10, data: 11 };
export const FUNCTION = 0;
const TABLE = 1;
const MEMORY = 2;
const GLOBAL = 3;
const FUNCTION_NAMES = 1;

/** `{ module, name, kind, type }` of each import; `type` are its bytes after the kind. */
export function imports(wasm) {
  return section(wasm, SECTION.import, reader => {
    const [module, name, kind] = [reader.text(), reader.text(), reader.bytes(1)[0]];
    const from = reader.at;
    if (kind === FUNCTION) reader.number();
    else if (kind === TABLE) (reader.bytes(1), limits(reader));
    else if (kind === MEMORY) limits(reader);
    else if (kind === GLOBAL) reader.bytes(2);
    else throw new Error(`${module} ${name} is imported as ${kind}, which is not known`);
    return { module, name, kind, type: wasm.subarray(from, reader.at) };
  });
}

function limits(reader) {
  const hasMaximum = reader.bytes(1)[0] & 1;
  reader.number();
  if (hasMaximum) reader.number();
}

/** How many functions are imported: the index of the first that is not. */
export function importedFunctions(wasm) {
  return imports(wasm).filter(({ kind }) => kind === FUNCTION).length;
}

/** The bodies of the functions that are not imported. */
export function bodies(wasm) {
  return section(wasm, SECTION.code, reader => reader.bytes(reader.number()));
}

/** The module with other imports, as `imports` gives them. */
export function withImports(wasm, imports) {
  const entries = imports.flatMap(({ module, name, kind, type }) => [text(module), text(name), Buffer.from([kind]), type]);
  return replaceSection(wasm, SECTION.import, [leb(imports.length), ...entries]);
}

/** A module that imports all this from the module `from`, and exports it by the same names. No functions. */
export function passingOn(wanted, from) {
  const entries = [...new Map(wanted.map(entry => [entry.name, entry])).values()];
  const counts = new Map();
  const exported = entries.map(({ name, kind }) => {
    if (kind === FUNCTION) throw new Error(`the function ${name} can't be passed on`);
    const index = counts.get(kind) ?? 0;
    counts.set(kind, index + 1);
    return Buffer.concat([text(name), Buffer.from([kind]), leb(index)]);
  });
  const vector = (id, items) => framed(id, [leb(items.length), ...items]);
  const header = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const imported = entries.map(({ name, kind, type }) => Buffer.concat([text(from), text(name), Buffer.from([kind]), type]));
  return Buffer.concat([header, vector(SECTION.import, imported), vector(SECTION.export, exported)]);
}

/** The module without the exports whose names `isUnwanted`. */
export function withoutExports(wasm, isUnwanted) {
  const entries = section(wasm, SECTION.export, reader => {
    const from = reader.at;
    const name = reader.text();
    reader.bytes(1);
    reader.number();
    return { name, bytes: wasm.subarray(from, reader.at) };
  });
  const kept = entries.filter(({ name }) => !isUnwanted(name));
  return replaceSection(wasm, SECTION.export, [leb(kept.length), ...kept.map(({ bytes }) => bytes)]);
}

/** The module with its custom section `name` changed by `change`. */
export function withChangedSection(wasm, name, change) {
  for (const { id, start, from, end } of sections(wasm)) {
    const reader = new Reader(wasm, from);
    if (id !== SECTION.custom || reader.text() !== name) continue;
    const changed = framed(SECTION.custom, [wasm.subarray(from, reader.at), change(wasm.subarray(reader.at, end))]);
    return Buffer.concat([wasm.subarray(0, start), changed, wasm.subarray(end)]);
  }
  throw new Error(`the WASM has no section ${name}`);
}

/** The module with names for all functions that are not imported, and no other names. */
export function withFunctionNames(wasm, names) {
  const first = importedFunctions(wasm);
  const functions = Buffer.concat([
    leb(names.length),
    ...names.flatMap((name, number) => [leb(first + number), text(name)]),
  ]);
  const body = Buffer.concat([Buffer.from([FUNCTION_NAMES]), leb(functions.length), functions]);
  return withSection(withoutSection(wasm, 'name'), 'name', body);
}

/** The module with a further custom section at its end. */
export function withSection(wasm, name, content) {
  return Buffer.concat([wasm, framed(SECTION.custom, [text(name), Buffer.from(content)])]);
}

function withoutSection(wasm, name) {
  const isIt = ({ id, from }) => id === SECTION.custom && new Reader(wasm, from).text() === name;
  const kept = sections(wasm).filter(section => !isIt(section));
  return Buffer.concat([wasm.subarray(0, 8), ...kept.map(({ start, end }) => wasm.subarray(start, end))]);
}

/** Where each data segment goes in memory, and its bytes: a view of `wasm`. */
export function segments(wasm) {
  const [ACTIVE, I32_CONST] = [0, 0x41];
  return section(wasm, SECTION.data, reader => {
    const [mode, opcode] = [reader.number(), reader.number()];
    if (mode !== ACTIVE || opcode !== I32_CONST) throw new Error('a data segment is not where it was expected');
    const start = reader.number();
    reader.bytes(1);
    return { start, bytes: reader.bytes(reader.number()) };
  });
}

/** Function names of the custom section "name", by index, as paths: `core::panicking::panic`. */
export function functionNames(wasm) {
  const names = new Map();
  for (const { id, from, end } of sections(wasm)) {
    if (id !== SECTION.custom) continue;
    const reader = new Reader(wasm, from);
    if (reader.text() !== 'name') continue;
    while (reader.at < end) {
      const part = reader.bytes(1)[0];
      const after = reader.number() + reader.at;
      if (part === FUNCTION_NAMES) for (let count = reader.number(); count > 0; count--) names.set(reader.number(), demangled(reader.text()));
      reader.at = after;
    }
  }
  return names;
}

const ESCAPES = { LT: '<', GT: '>', LP: '(', RP: ')', C: ',', RF: '&', BP: '*' };

/** The path in a symbol of Rust's legacy mangling, without its hash; wasm-bindgen has done it for the main module. */
function demangled(symbol) {
  if (!symbol.startsWith('_ZN')) return symbol;
  const path = [];
  for (let rest = symbol.slice(3); /^\d/.test(rest); ) {
    const length = parseInt(rest, 10);
    const from = String(length).length;
    path.push(rest.slice(from, from + length));
    rest = rest.slice(from + length);
  }
  const text = path.slice(0, -1).join('::').replaceAll('..', '::').replaceAll(/(^|::)_(?=[<$])/g, '$1');
  return text.replaceAll(/\$(?:u([0-9a-f]+)|(\w+))\$/g, (_, code, name) => (code ? String.fromCodePoint(parseInt(code, 16)) : (ESCAPES[name] ?? '')));
}

/** The entries of the vector in a section; none where it is missing. */
function section(wasm, wanted, readEntry) {
  const found = sections(wasm).find(({ id }) => id === wanted);
  if (!found) return [];
  const reader = new Reader(wasm, found.from);
  return Array.from({ length: reader.number() }, () => readEntry(reader));
}

function replaceSection(wasm, wanted, parts) {
  const { start, end } = sections(wasm).find(({ id }) => id === wanted);
  return Buffer.concat([wasm.subarray(0, start), framed(wanted, parts), wasm.subarray(end)]);
}

/** A section: its number, its length and its body. */
function framed(id, parts) {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([id]), leb(body.length), body]);
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
