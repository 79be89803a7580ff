// What a page pays for the element before anybody uses it, as Lighthouse counts it: on the demo page, with the launcher and nothing
// more.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { transform } from 'esbuild';
import { useWorld } from './support.mjs';

/** Milliseconds of the main thread; bytes in brotli. */
const [WORK, BYTES] = [20, 6_000];

const OWN = '/dist/';

/** Runs first in the page: notes what moves, and when. */
function watchShifts() {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const { startTime, value, sources } of list.getEntries()) window.shifts.push({ startTime, value, moved: sources.map(({ node }) => node?.localName) });
  }).observe({ type: 'layout-shift', buffered: true });
}

/** In the page: what moved since the element's script was there. */
function shiftsSince(script) {
  const { responseEnd } = performance.getEntriesByType('resource').find(({ name }) => name.endsWith(script));
  return window.shifts.filter(({ startTime }) => startTime >= responseEnd);
}

/**
 * Milliseconds of CPU that the page's main thread has worked since this script was compiled: all that went on then, also what was
 * drawn. Others use the machine; the time by the clock would say more of them.
 */
function workSince(script, trace) {
  const { traceEvents } = JSON.parse(trace);
  const compiled = traceEvents.find(({ name, args }) => name === 'v8.compileModule' && args.fileName.endsWith(script));
  assert.ok(compiled, `the trace tells nothing of ${script}`);
  const { pid, tid, ts } = compiled;
  const tasks = traceEvents.filter((it) => it.name === 'ThreadControllerImpl::RunTask' && it.pid === pid && it.tid === tid && it.ts + it.dur > ts);
  return tasks.reduce((sum, { tdur = 0 }) => sum + tdur, 0) / 1_000;
}

describe('the closed element', () => {
  const world = useWorld({ before, after });

  test('moves nothing, keeps the page busy for a few milliseconds, and is a few kilobytes', async () => {
    const visitor = await world().person('alice', { init: watchShifts });
    const fetched = new Map();
    visitor.page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      if (pathname.startsWith(OWN)) fetched.set(pathname, response);
    });
    // What the page's own script has filled in is drawn before the element's is there.
    await visitor.page.route(`**${OWN}dm3-chat.js`, async (route) => {
      await visitor.page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      await route.continue();
    });
    // Nothing of the first visit is there any more.
    await visitor.page.goto('about:blank');
    const trace = () => world().browser.startTracing(visitor.page, { categories: ['toplevel', 'v8'] });
    const traced = async () => (await world().browser.stopTracing()).toString();
    await trace();
    await visitor.page.goto(visitor.startUrl);
    await visitor.page.waitForLoadState('networkidle');
    const work = workSince(`${OWN}dm3-chat.js`, await traced());
    assert.ok(work <= WORK, `${work.toFixed(1)} ms of the main thread`);
    assert.deepEqual([...fetched.keys()], [`${OWN}dm3-chat.js`]);
    // A development build is not small.
    const { code } = await transform((await fetched.get(`${OWN}dm3-chat.js`).body()).toString(), { minify: true });
    const bytes = brotliCompressSync(code).length;
    assert.ok(bytes <= BYTES, `${bytes} bytes`);
    assert.deepEqual(await visitor.page.evaluate(shiftsSince, `${OWN}dm3-chat.js`), []);
    console.log(`  ${work.toFixed(1)} ms of the main thread, ${bytes} bytes`);

    // What it does when it is used, this sees.
    await trace();
    await visitor.open();
    await visitor.button('Connect wallet').waitFor();
    const used = workSince(`${OWN}dm3-chat-app.js`, await traced());
    assert.ok(used > WORK, `${used.toFixed(1)} ms when it is used`);
  });

  test('no page broke its policy', () => world().assertNoFaults());
});
