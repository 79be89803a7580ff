// Chat components from npm beside the element, in the same browser: each is given so many messages, is gone through and typed into.
// What is different about each of them is in its page script in tests/bench/peers. Nothing goes over the network.
import { setTimeout as wait } from 'node:timers/promises';
import { join } from 'node:path';
import { FOLDER, bundled, install } from './packages.mjs';

const PEERS = [
  { name: 'deep-chat', script: 'deep-chat.page.js' },
  { name: 'stream-chat-react', script: 'stream-chat-react.page.js' },
  { name: 'stream-chat-react, virtualized', script: 'stream-chat-react.page.js', options: { virtualized: true } },
];
const PAGE = 'http://localhost/';
/** What is not drawn after so long is given up: milliseconds. */
const PATIENCE = 180_000;

/** The figures of each: `failed` tells why there are none. */
export async function measurePeers(browser, init, what) {
  install();
  const measured = [];
  for (const peer of PEERS) {
    const context = await browser.newContext({ viewport: { width: 1180, height: 800 } });
    try {
      await context.route('**', (route) => {
        return route.request().url() === PAGE ? route.fulfill({ contentType: 'text/html', body: '<!doctype html><body></body>' }) : route.abort();
      });
      const figures = await measure(await context.newPage(), peer, init, what);
      measured.push({ name: peer.name, messages: what.messages, ...figures });
    } finally {
      await context.close();
    }
  }
  return measured;
}

async function measure(page, { name, script, options }, init, { messages, step, letters, sendings, heapOf }) {
  const errors = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  await page.goto(PAGE);
  await page.evaluate(init);
  const contents = await bundled({ entryPoints: [join(FOLDER, script)], format: 'iife', globalName: 'peer', loader: { '.css': 'text' } });
  await page.addScriptTag({ content: Buffer.from(contents).toString() });

  const opening = [];
  const begun = Date.now();
  // The first round warms up what all use.
  for (const count of [100, messages]) {
    const drawing = page.evaluate(draw, { count, options }).catch((error) => {
      if (/crashed/.test(error.message)) return 'the page died';
      throw error;
    });
    const given = Date.now();
    const drawn = await Promise.race([drawing, wait(PATIENCE, 'not drawn', { ref: false })]);
    console.log(`${name}: ${count} messages, ${typeof drawn === 'number' ? `drawn in ${Math.round(drawn)} ms` : drawn}`);
    if (typeof drawn === 'string') return { failed: `${drawn}, ${Math.round((Date.now() - given) / 1_000)} s` };
    if (count === messages) opening.push(drawn);
  }
  await page.waitForTimeout(1_000);
  if (await page.evaluate(toEnd)) console.log(`${name}: did not stand at its end`);
  await page.waitForTimeout(1_000);
  const through = (step) => page.evaluate((step) => window.bench.through(window.peer.scroller(), window.peer.root(), step), step);
  const before = await heapOf(page);
  const up = await through(-step);
  const heap = (await heapOf(page)) - before;
  const typing = await page.evaluate((count) => window.bench.type(window.peer.field(), count), letters);
  const down = await through(step);
  const sending = [];
  for (let round = 0; round <= sendings; round += 1) {
    await page.evaluate(() => window.peer.scroller().scrollBy(0, -6_000));
    await page.waitForTimeout(700);
    const shown = await page.evaluate(send, `Sent ${round}`);
    if (round > 0) sending.push(shown);
    // The answer comes, and is drawn.
    await page.waitForTimeout(1_500);
  }
  const seconds = Math.round((Date.now() - begun) / 1_000);
  console.log(`${name}: ${up.frames.length} frames up, ${down.frames.length} down; ${seconds} s in all`);
  if (errors.length > 0) console.log(`${name}: ${errors.length} uncaught errors, the first of them: ${errors[0]}`);
  return { opening, up, down, heap, typing, sending };
}

/** Runs in the page: how long it takes from the messages to what is drawn. */
async function draw({ count, options }) {
  window.peer.unmount?.();
  const begin = Date.now() - 1_000 * count;
  const messages = Array.from({ length: count }, (_, number) => ({
    ours: number % 3 === 0,
    time: begin + 1_000 * number,
    text: `Message ${number}: what one writes to somebody else about this and that, a line or so.`,
  }));
  const begun = performance.now();
  await window.peer.mount(messages, options);
  while (!window.peer.drawn()) await new Promise((next) => requestAnimationFrame(next));
  await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
  return performance.now() - begun;
}

/** Runs in the page: puts the view to the last message. Says whether it was elsewhere: the virtualized list is at times. */
function toEnd() {
  const scroller = window.peer.scroller();
  const below = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
  scroller.scrollTop = scroller.scrollHeight;
  return below > 100;
}

/** Runs in the page: how long it takes until what is sent is among the last messages. */
async function send(text) {
  window.peer.write?.(text);
  await new Promise((next) => setTimeout(next, 50));
  const begun = performance.now();
  window.peer.send(text);
  const last = () => [...window.peer.bubbles()].slice(-3).some((it) => it.textContent.includes(text));
  while (!last()) {
    if (performance.now() - begun > 60_000) throw new Error(`not shown: ${text}`);
    await new Promise((next) => setTimeout(next, 1));
  }
  return performance.now() - begun;
}
