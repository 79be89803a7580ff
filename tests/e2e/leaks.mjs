// How it is found out whether elements that come and go leave something in a page.

import assert from 'node:assert/strict';
import { until } from './support.mjs';

/** Milliseconds for what goes on after an element is gone: answers that are on their way, sockets that say goodbye. */
const AFTERWARDS = 30_000;

/** Notes every socket and every WASM memory of the page. Runs before anything else in it. */
export function watch() {
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

/** Counts what a page, in whose every document `watch` ran first, holds once garbage is let go. */
export async function openCounter(page) {
  const browser = await page.context().newCDPSession(page);
  await browser.send('Performance.enable');
  await browser.send('HeapProfiler.enable');
  return async () => {
    // What is freed by one collection may free more in the next: finalisers tell the WASM what is gone.
    for (let round = 0; round < 4; round += 1) {
      await browser.send('HeapProfiler.collectGarbage');
      await page.waitForTimeout(100);
    }
    const { nodes, jsEventListeners: listeners, documents } = await browser.send('Memory.getDOMCounters');
    const { metrics } = await browser.send('Performance.getMetrics');
    const inPage = await page.evaluate(async () => {
      const { held, pending } = await navigator.locks.query();
      return { sockets: dm3Watch.sockets(), wasm: dm3Watch.wasm(), locks: held.length + pending.length };
    });
    const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize').value;
    return { nodes, listeners, documents, heap, ...inPage };
  };
}

/** Nothing is more than before, but for what each may have grown by; gives by how much each has. */
export function settles(what, count, earlier, most) {
  return until(`nothing of ${what} is left`, async () => {
    const later = await count();
    const left = Object.fromEntries(Object.entries(later).map(([name, value]) => [name, value - earlier[name]]));
    const tooMuch = Object.keys(most).filter((name) => left[name] > most[name]);
    assert.deepEqual(tooMuch, [], `${what} left ${JSON.stringify(left)}`);
    return left;
  }, AFTERWARDS);
}
