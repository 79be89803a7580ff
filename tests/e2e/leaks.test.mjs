// Pages add and remove elements all day: a thousand of them leave nothing behind – no node, no listener, no socket,
// no lock, no memory – whether somebody is signed in or not, and also when they go while they start. `npm run test:embed` has apps
// that do so in the ways of their frameworks.

import { after, before, describe, test } from 'node:test';
import { Dm3Client, aliasOf } from './client.mjs';
import { openCounter, settles, watch } from './leaks.mjs';
import { useWorld } from './support.mjs';

/** Of somebody who is signed in; fewer where less can be left. */
const [ELEMENTS, FEW] = [1_000, 400];
/** As many at a time. */
const BATCH = 25;
/** Before the first count, so that what is made once for all elements is there. */
const WARM_UP = 200;

/**
 * What all the elements together may leave: nodes and listeners of the browser's own pending work; bytes of
 * JavaScript, for what V8 learns of code that runs often; bytes of WASM memory, which never shrinks and so keeps the size of its
 * fullest moment. An element that is kept costs 13 nodes, 10 listeners, 1.5 KB and 6 KB.
 */
const MOST = { nodes: 10, listeners: 10, documents: 0, sockets: 0, locks: 0, heap: 300_000, wasm: 1_000_000 };

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
  let count;

  before(async () => {
    visitor = await world().person('alice', { init: watch });
    count = await openCounter(visitor.page);
  });

  /** Adds and removes so many of them. */
  async function leavesNothing(elements, state) {
    const cycle = (count) => visitor.page.evaluate(addAndRemove, { count, batch: BATCH, ...state });
    await cycle(WARM_UP);
    const earlier = await count();
    await cycle(elements);
    await settles(`${elements} elements`, count, earlier, MOST);
  }

  test('nobody is signed in', async () => leavesNothing(FEW, { ready: 'Connect wallet', sockets: 0 }));

  test('nobody is signed in, and they go while they start', async () => leavesNothing(FEW, {}));

  test('somebody is signed in', async () => {
    await visitor.signUp();
    // The element that stays is in touch with the node for all of them.
    await leavesNothing(ELEMENTS, { ready: 'Messages', sockets: 0 });
  });

  test('somebody is signed in, and they go while they start', async () => leavesNothing(ELEMENTS, {}));

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
