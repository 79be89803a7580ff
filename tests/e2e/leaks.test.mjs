// Pages add and remove elements all day: a thousand of them leave nothing behind – no node, no listener, no socket,
// no lock, no memory – whether somebody is signed in or not, and also when they go while they start.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Dm3Client, aliasOf } from './client.mjs';
import { until, useWorld } from './support.mjs';

const ELEMENTS = 1_000;
/** As many at a time. */
const BATCH = 25;
/** Before the first count, so that what is made once for all elements is there. */
const WARM_UP = 200;

/**
 * What all the elements together may leave: nodes and listeners of the browser's own pending work; bytes of
 * JavaScript, for what V8 learns of code that runs often; bytes of WASM memory, which never shrinks and so keeps the size of its
 * fullest moment. An element that is kept costs 13 nodes, 10 listeners, 1.5 KB and 6 KB.
 */
const MOST = { nodes: 10, listeners: 10, documents: 0, sockets: 0, locks: 0, heap: 800_000, wasm: 2_000_000 };

/** Milliseconds for what goes on after an element is gone: answers that are on their way, sockets that say goodbye. */
const AFTERWARDS = 30_000;

/** Notes every socket and every WASM memory of the page. Runs before anything else in it. */
function watch() {
  const sockets = new Set();
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      sockets.add(this);
      this.addEventListener('close', () => sockets.delete(this));
    }
  };
  const memories = new Set();
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const instantiate = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const result = await instantiate.apply(WebAssembly, args);
      for (const value of Object.values((result.instance ?? result).exports)) {
        if (value instanceof WebAssembly.Memory) memories.add(value);
      }
      return result;
    };
  }
  window.dm3Watch = {
    sockets: () => sockets.size,
    open: () => [...sockets].filter(({ readyState }) => readyState === WebSocket.OPEN).length,
    wasm: () => [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
  };
}

/**
 * Adds `count` elements and removes them: once all show `ready` and have `sockets` open, or, without `ready`, while
 * they start. In the page.
 */
async function addAndRemove({ count, batch, ready, sockets }) {
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const before = dm3Watch.open();
  const node = document.querySelector('dm3-chat').getAttribute('node');
  for (let added = 0; added < count; added += batch) {
    const chats = Array.from({ length: Math.min(batch, count - added) }, () => {
      const chat = document.createElement('dm3-chat');
      chat.setAttribute('mode', 'inline');
      chat.setAttribute('node', node);
      return chat;
    });
    const place = document.createElement('section');
    place.append(...chats);
    document.body.append(place);
    const waiting = () =>
      chats.filter((chat) => !chat.shadowRoot.textContent.includes(ready)).length ||
      Math.max(0, before + sockets * chats.length - dm3Watch.open());
    const deadline = Date.now() + 60_000;
    while (ready && waiting() > 0) {
      if (Date.now() > deadline) throw new Error(`${waiting()} of ${batch} elements are not ready`);
      await pause(20);
    }
    // While they start: a little later in every batch, so that each step of a start is met.
    if (!ready) await pause((added / batch) * 10);
    place.remove();
    await pause(0);
  }
}

describe('elements that come and go', () => {
  const world = useWorld({ before, after });
  let visitor;
  let browser;

  before(async () => {
    visitor = await world().person('alice', { init: watch });
    browser = await visitor.context.newCDPSession(visitor.page);
    await browser.send('Performance.enable');
    await browser.send('HeapProfiler.enable');
  });

  async function count() {
    // What is freed by one collection may free more in the next: finalisers tell the WASM what is gone.
    for (let round = 0; round < 4; round += 1) {
      await browser.send('HeapProfiler.collectGarbage');
      await visitor.page.waitForTimeout(100);
    }
    const { nodes, jsEventListeners: listeners, documents } = await browser.send('Memory.getDOMCounters');
    const { metrics } = await browser.send('Performance.getMetrics');
    const inPage = await visitor.page.evaluate(async () => {
      const { held, pending } = await navigator.locks.query();
      return { sockets: dm3Watch.sockets(), wasm: dm3Watch.wasm(), locks: held.length + pending.length };
    });
    const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize').value;
    return { nodes, listeners, documents, heap, ...inPage };
  }

  /** Adds and removes `ELEMENTS` of them. */
  async function leavesNothing(state) {
    const cycle = (count) => visitor.page.evaluate(addAndRemove, { count, batch: BATCH, ...state });
    await cycle(WARM_UP);
    const earlier = await count();
    await cycle(ELEMENTS);
    await until('nothing of them is left', async () => {
      const later = await count();
      const left = Object.fromEntries(Object.entries(later).map(([name, value]) => [name, value - earlier[name]]));
      const tooMuch = Object.keys(MOST).filter((name) => left[name] > MOST[name]);
      assert.deepEqual(tooMuch, [], `${ELEMENTS} elements left ${JSON.stringify(left)}`);
    }, AFTERWARDS);
  }

  test('nobody is signed in', async () => leavesNothing({ ready: 'Connect wallet', sockets: 0 }));

  test('nobody is signed in, and they go while they start', async () => leavesNothing({}));

  test('somebody is signed in', async () => {
    await visitor.signUp();
    // The element that stays is in touch with the node for all of them.
    await leavesNothing({ ready: 'Messages', sockets: 0 });
  });

  test('somebody is signed in, and they go while they start', async () => leavesNothing({}));

  test('the element that stayed still works', async () => {
    const bob = new Dm3Client(world().net, world().account('bob'));
    await bob.signUp();
    await visitor.writeTo('bob.eth');
    await visitor.send('Still here');
    await bob.send(aliasOf(visitor.account.address), 'So am I');
    await visitor.sees('So am I');
  });

  test('no page broke its policy', () => world().assertNoFaults());
});
