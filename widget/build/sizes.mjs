// What the bytes of a module are: by crate, and for our own crates by room. Raw bytes of code, by the names of its
// functions; what is generic counts for the crate that defines it.
import { bodies, functionNames, importedFunctions, segments } from './wasm.mjs';

const OURS = ['dm3_core', 'dm3_widget'];
/** Rows that are smaller say little. */
const SMALL = 500;

/** Prints the table of a module that still has its names. */
export function printSizes(title, wasm) {
  const names = functionNames(wasm);
  const first = importedFunctions(wasm);
  const owners = new Map();
  const add = (owner, bytes) => owners.set(owner, (owners.get(owner) ?? 0) + bytes);
  for (const [number, body] of bodies(wasm).entries()) add(ownerOf(names.get(first + number) ?? ''), body.length);
  for (const { bytes } of segments(wasm)) add('(data)', bytes.length);
  const rows = [...owners].sort(([, one], [, other]) => other - one);
  const rest = rows.filter(([, bytes]) => bytes < SMALL).reduce((total, [, bytes]) => total + bytes, 0);
  console.log(`\n${title.padEnd(32)}${'raw'.padStart(10)}`);
  for (const [owner, bytes] of [...rows.filter(([, bytes]) => bytes >= SMALL), ['(all smaller ones)', rest]]) {
    console.log(owner.padEnd(32) + bytes.toLocaleString('en').padStart(10));
  }
}

/** `alloc` of `<alloc::vec::Vec<T> as …>::f`, `dm3_core::session` of `dm3_core::session::send::deliver::{{closure}}`. */
function ownerOf(name) {
  // The standard library's names carry a hash of the crate: `core[1f2e]::fmt::…`.
  const plain = name.replaceAll(/\[[0-9a-f]+\]/g, '');
  const dropped = /^core::ptr::drop_in_place<(.+)>/.exec(plain)?.[1] ?? plain;
  // Of `<T as core::fmt::Display>::fmt` the trait says more than the parameter.
  const path = dropped.replace(/^<[A-Z]\w* as /, '').match(/[a-z_]\w*(?:::\w+)+/)?.[0].split('::');
  if (!path) return '(other)';
  return OURS.includes(path[0]) ? path.slice(0, 2).join('::') : path[0];
}
