// Whatever fails – the network, the node, a tab, the storage, a clock – what was written leaves exactly once, what was
// sent appears exactly once and in its order, and what is shown meanwhile is true.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until, useWorld } from './support.mjs';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Runs in a page before anything else: its clock is wrong by so many milliseconds. */
const wrongClock = (offset) => `
  const right = Date.now.bind(Date);
  const Right = Date;
  window.Date = class extends Right {
    constructor(...parts) {
      if (parts.length === 0) super(right() + ${offset});
      else super(...parts);
    }
    static now() {
      return right() + ${offset};
    }
  };
`;

/** How often each of the texts stands in the open thread. */
async function counts(person, texts) {
  const shown = await person.order(texts);
  return texts.map((text) => shown.filter((other) => other === text).length);
}

const once = (texts) => texts.map(() => 1);

describe('faults', () => {
  const world = useWorld({ before, after });
  let alice;
  let bob;

  before(async () => {
    alice = await world().person('alice');
    bob = await world().person('bob');
    await alice.signUp();
    await bob.signUp();
    await alice.writeTo('bob.eth');
    await alice.send('Begin');
    await bob.openRow(/alice\.eth/);
    await bob.sees('Begin');
  });

  test('offline a message waits and is never called sending; it leaves at once when the network is back', async () => {
    await until('the first message is sent', async () => /· (sent|arrived|read)/.test(await alice.log.innerText()));
    await alice.context.setOffline(true);
    await alice.send('Written offline');
    for (let look = 0; look < 20; look += 1) {
      const text = await alice.log.innerText();
      if (look > 4) assert.match(text, /· waiting/);
      // While it is being tried, which without a network takes no time.
      else assert.match(text, /· (waiting|sending)/);
      await alice.page.waitForTimeout(200);
    }
    const back = Date.now();
    await alice.context.setOffline(false);
    await bob.sees('Written offline');
    console.log(`    offline to shown at the peer: ${Date.now() - back} ms`);
    assert.deepEqual(await counts(bob, ['Written offline']), [1]);
  });

  test('what was not sent is said once when that happens, and not again to who opens the conversation', async () => {
    const aloud = () => alice.alert.filter({ hasText: 'not sent' });
    await alice.context.setOffline(true);
    await alice.send('Never mind');
    await alice.button('Don’t send').click();
    await aloud().waitFor();
    assert.equal(await alice.log.getByRole('alert').count(), 0, 'where it stands, it is read like all others');
    await alice.context.setOffline(false);
    await alice.back();
    await alice.openRow(/bob\.eth/);
    await alice.sees('Never mind');
    await alice.log.getByText(/not sent/).waitFor();
    assert.equal(await aloud().count(), 0);
  });

  test('the node is killed and comes back: what both wrote meanwhile arrives once and in order', async () => {
    await world().net.stopNode();
    const texts = ['While it was away 1', 'While it was away 2', 'While it was away 3'];
    for (const text of texts) await alice.send(text);
    await bob.send('Bob, meanwhile');
    // Whoever looks at it again does not make it wait longer.
    await alice.back();
    await alice.openRow(/bob\.eth/);
    await alice.alert.first().waitFor();
    await alice.page.waitForTimeout(2_000);
    await world().net.startNode();
    await bob.sees(texts[2]);
    await alice.sees('Bob, meanwhile');
    assert.deepEqual(await bob.order(texts), texts);
    assert.deepEqual(await counts(alice, ['Bob, meanwhile']), [1]);
  });

  test('a tab that is closed in the moment after Send leaves the text in the thread or in the composer', async () => {
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const text = `Closed right after ${attempt}`;
      await alice.composer.fill(text);
      // Not awaited on purpose: the page goes while the click is carried out.
      const click = alice.button('Send').click({ noWaitAfter: true });
      await Promise.race([click, alice.page.waitForTimeout(attempt * 3)]).catch(() => {});
      await alice.page.close({ runBeforeUnload: false });
      await click.catch(() => {});
      await alice.arrive();
      await alice.resume();
      await alice.openRow(/bob\.eth/);
      await alice.sees('Begin');
      const place = await until('it is in one of the two', async () => {
        const shown = (await alice.order([text])).length;
        const typed = (await alice.composer.inputValue()) === text ? 1 : 0;
        return shown + typed === 1 && (shown ? 'thread' : 'composer');
      });
      if (place === 'composer') await alice.button('Send').click();
      await bob.sees(text);
      assert.deepEqual(await counts(bob, [text]), [1]);
    }
  });

  test('a text that can not be kept stays in the composer and says why', async () => {
    // What a browser does whose disk is full.
    await alice.page.evaluate(() => {
      const { put, add } = IDBObjectStore.prototype;
      window.refused = [];
      const full = function () {
        window.refused.push(this.name);
        throw new DOMException('the disk is full', 'QuotaExceededError');
      };
      Object.assign(IDBObjectStore.prototype, { put: full, add: full });
      window.makeRoom = () => Object.assign(IDBObjectStore.prototype, { put, add });
    });
    await alice.composer.fill('No room for this');
    await alice.button('Send').click();
    // The draft could not be kept either, which says the same before.
    await alice.page.waitForFunction(() => window.refused.includes('messages'));
    await alice.alert.filter({ hasText: /no storage space left/i }).first().waitFor();
    assert.equal(await alice.composer.inputValue(), 'No room for this');
    assert.deepEqual(await counts(alice, ['No room for this']), [0]);
    await alice.page.evaluate(() => window.makeRoom());
    await alice.button('Send').click();
    await bob.sees('No room for this');
    assert.deepEqual(await counts(alice, ['No room for this']), [1]);
    assert.equal(await alice.composer.inputValue(), '');
  });

  test('two tabs that write at the same time: everything once, and both show it', async () => {
    const first = alice.page;
    await alice.arrive();
    await alice.resume();
    await alice.openRow(/bob\.eth/);
    const second = alice.page;
    const texts = [];
    for (let round = 0; round < 5; round += 1) {
      for (const [page, name] of [[first, 'first'], [second, 'second']]) {
        alice.page = page;
        const text = `Tab ${name} ${round}`;
        texts.push(text);
        await alice.composer.fill(text);
        await alice.button('Send').click();
      }
    }
    for (const text of texts) await bob.sees(text);
    assert.deepEqual(await counts(bob, texts), once(texts));
    for (const page of [first, second]) {
      alice.page = page;
      for (const text of texts) await alice.sees(text);
      assert.deepEqual(await counts(alice, texts), once(texts));
    }
    // The tab that was first holds the connection; when it goes, the other takes over.
    await first.close({ runBeforeUnload: false });
    const gone = Date.now();
    alice.page = second;
    await bob.send('To the tab that is left');
    await alice.sees('To the tab that is left');
    const took = Date.now() - gone;
    console.log(`    taken over and shown after ${took} ms`);
    await alice.send('From the tab that is left');
    await bob.sees('From the tab that is left');
  });

  test('while the node is away, whoever opens a conversation reads once that nothing gets through', async () => {
    await world().net.stopNode();
    await alice.back();
    await alice.openRow(/bob\.eth/);
    await alice.alert.first().waitFor();
    await alice.page.waitForTimeout(2_000);
    const said = await alice.alert.allInnerTexts();
    assert.deepEqual(said, [...new Set(said)]);
    await alice.screenshot('faults-node-away');
    await world().net.startNode();
    await until('it is reached again', async () => (await alice.alert.count()) === 0);
  });

  test('no page broke its policy', () => world().assertNoFaults());
});

for (const [name, offset] of [
  ['ten minutes slow', -10 * MINUTE],
  ['ten minutes fast', 10 * MINUTE],
  ['a day slow', -DAY],
  ['a day fast', DAY],
]) {
  describe(`a clock that is ${name}`, () => {
    const world = useWorld({ before, after });

    test('both see question, answer, question, answer, also after a reload', async () => {
      const dave = await world().person('alice');
      const carol = await world().person('bob', { init: wrongClock(offset) });
      await dave.signUp();
      await carol.signUp();
      await dave.writeTo('bob.eth');
      const texts = ['Question one', 'Answer one', 'Question two', 'Answer two'];
      await dave.send(texts[0]);
      await carol.openRow(/alice\.eth/);
      await carol.sees(texts[0]);
      await carol.send(texts[1]);
      await dave.sees(texts[1]);
      await dave.send(texts[2]);
      await carol.sees(texts[2]);
      await carol.send(texts[3]);
      await dave.sees(texts[3]);
      for (const person of [dave, carol]) assert.deepEqual(await person.order(texts), texts);
      await dave.reload();
      await dave.openRow(/bob\.eth/);
      await carol.reload();
      await carol.openRow(/alice\.eth/);
      for (const person of [dave, carol]) {
        await person.sees(texts[3]);
        assert.deepEqual(await person.order(texts), texts);
      }
      world().assertNoFaults();
    });
  });
}
