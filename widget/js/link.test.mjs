// Linking a part, with a module of WASM that has nothing in it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linker, provideModules } from './link.js';

const EMPTY = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));

/** What an application is told about its parts: `[callback, data, linked]`. */
function application() {
  const told = [];
  const table = { get: callback => (data, linked) => told.push([callback, data, linked]) };
  return { told, link: linker(() => ({ __indirect_function_table: table })) };
}

test('a part with several functions is linked once', async t => {
  const { told, link } = application();
  const instantiate = t.mock.method(WebAssembly, 'instantiate');
  provideModules(async () => EMPTY);
  const load = link('part');
  await Promise.all([load(1, 10), load(2, 20)]);
  await load(3, 30);
  assert.deepEqual(told.toSorted(), [
    [1, 10, true],
    [2, 20, true],
    [3, 30, true],
  ]);
  assert.equal(instantiate.mock.callCount(), 1);
});

test('a part that can’t be loaded is told as such, and loaded when asked for again', async t => {
  const { told, link } = application();
  t.mock.method(console, 'error', () => {});
  provideModules(() => Promise.reject(new Error('no network')));
  const load = link('part');
  await load(1, 10);
  provideModules(async () => EMPTY);
  await load(1, 11);
  assert.deepEqual(told, [
    [1, 10, false],
    [1, 11, true],
  ]);
});
