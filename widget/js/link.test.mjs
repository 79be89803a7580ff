// Linking a part, with a module of WASM that has nothing in it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linker, provideModules } from './link.js';

const empty = () => new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));

/** What an application is told about its parts: `[callback, data, linked]`. */
function application() {
  const told = [];
  const table = { get: callback => (data, linked) => told.push([callback, data, linked]) };
  return { told, link: linker(() => ({ __indirect_function_table: table })) };
}

test('a part with several functions is linked once', async t => {
  const { told, link } = application();
  const instantiate = t.mock.method(WebAssembly, 'instantiate');
  const modules = [empty()];
  provideModules(async () => modules);
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
  provideModules(async () => [empty()]);
  await load(1, 11);
  assert.deepEqual(told, [
    [1, 10, false],
    [1, 11, true],
  ]);
});

test('what two parts share is linked once, before the rest of them', async t => {
  const { link } = application();
  const order = [];
  t.mock.method(WebAssembly, 'instantiate', async module => order.push(module));
  const [shared, one, other] = [empty(), empty(), empty()];
  provideModules(async name => [shared, name === 'one' ? one : other]);
  await Promise.all([link('one')(1, 10), link('other')(2, 20)]);
  assert.equal(order[0], shared);
  assert.deepEqual(new Set(order), new Set([shared, one, other]));
  assert.equal(order.length, 3);
});

test('of a part with a file that can’t be linked, the others are not linked again', async t => {
  const { told, link } = application();
  t.mock.method(console, 'error', () => {});
  const [shared, own] = [empty(), empty()];
  let broken = true;
  const instantiate = t.mock.method(WebAssembly, 'instantiate', async module => {
    if (module === own && broken) throw new Error('no memory');
  });
  provideModules(async () => [shared, own]);
  const load = link('part');
  await load(1, 10);
  broken = false;
  await load(1, 11);
  assert.deepEqual(told, [
    [1, 10, false],
    [1, 11, true],
  ]);
  assert.equal(instantiate.mock.callCount(), 3);
});
