// Somebody is signed in, and the app takes the element away and brings it back in its own way, again and again.

import { openCounter, settles } from '../e2e/leaks.mjs';
import { until } from '../e2e/support.mjs';

/** Before the first count, so that what is made once is there: as many share of all. */
const WARM_UP = 0.2;

/**
 * What all of it together may leave: nodes and listeners of what the framework keeps of its last view; bytes of JavaScript, for what
 * V8 learns of code that runs often and what the framework and its router remember; bytes of WASM memory, which never shrinks.
 */
const MOST = { nodes: 200, listeners: 60, documents: 0, sockets: 0, locks: 0, heap: 1_000_000, wasm: 2_000_000 };

/** In the page: presses the app's own button or link, in turns, and ends without the element; every second one goes while it starts. */
async function comeAndGo(count) {
  const until = async (what, is) => {
    const deadline = Date.now() + 30_000;
    while (!is()) {
      if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  const chat = () => document.querySelector('dm3-chat');
  const press = () => document.querySelector('#away').click();
  const leave = async () => {
    press();
    await until('the element is gone', () => !chat());
  };
  if (chat()) await leave();
  for (let i = 0; i < count; i += 1) {
    press();
    await until('the element is there', chat);
    if (i % 2 === 0) await until('somebody is in touch', () => chat().state === 'connected');
    // A little later each time, so that each step of a start is met.
    else await new Promise((resolve) => setTimeout(resolve, i % 64));
    await leave();
  }
}

/** Gives what is left; throws if it is too much. */
export async function mountsLeaveNothing({ page }, mounts) {
  const count = await openCounter(page);
  await page.reload();
  await page.locator('dm3-chat').waitFor({ state: 'attached' });
  await page.evaluate(comeAndGo, Math.ceil(mounts * WARM_UP));
  const earlier = await count();
  await page.evaluate(comeAndGo, mounts);
  const left = await settles(`${mounts} elements`, count, earlier, MOST);
  // Who was there all the time is still there.
  await page.locator('#away').evaluate((away) => away.click());
  await until('somebody is in touch', () => page.locator('dm3-chat').evaluate((chat) => chat.state === 'connected'));
  return left;
}
