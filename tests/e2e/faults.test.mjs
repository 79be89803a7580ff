// Whatever fails – the network, the node, a tab, the storage – what was written leaves exactly once, what was
// sent appears exactly once and in its order, and what is shown meanwhile is true. Clocks: `clocks.test.mjs`.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until, useWorld } from './support.mjs';

/** How soon the next tab acts for the account when the one that did so is gone: milliseconds. */
const SOON = 2_000;
/** The same if it only says nothing any more, which is asked twice: milliseconds. */
const SILENT = 5_000;

/** From now on a page can store nothing, as on a disk that is full, until it is told `makeRoom()`. In the page. */
function fillDisk() {
  const { put, add } = IDBObjectStore.prototype;
  window.refused = [];
  const full = function () {
    window.refused.push(this.name);
    throw new DOMException('the disk is full', 'QuotaExceededError');
  };
  Object.assign(IDBObjectStore.prototype, { put: full, add: full });
  window.makeRoom = () => Object.assign(IDBObjectStore.prototype, { put, add });
}

/** Who has the lock of the account, as a page of the same browser sees it. In the page. */
async function holder() {
  const { held } = await navigator.locks.query();
  return held.find(({ name }) => name.startsWith('dm3-chat:lease:'))?.clientId ?? null;
}

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
      assert.match(text, /· waiting/);
      assert.doesNotMatch(text, /· sending/);
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
    // What comes of the last one is not to be taken for this one.
    await until('the last one is read', async () => /· read$/.test(await alice.log.locator('.meta').last().innerText()));
    await alice.page.evaluate(fillDisk);
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

  test('what comes while nothing can be kept is acknowledged once it is kept, and is there once', async () => {
    const acknowledged = [];
    const listen = (request) => {
      if (/\/(syncAcknowledgements|acknowledge)$/.test(request.url())) acknowledged.push(request.url());
    };
    alice.page.on('request', listen);
    // What was pushed before is acknowledged with the next listing, which is waited for.
    const listed = (response) => /\/(incoming|mailbox)\b/.test(response.url());
    const listing = alice.page.waitForResponse(listed);
    await alice.reload();
    await alice.openRow(/bob\.eth/);
    await listing;
    await alice.page.waitForTimeout(3_000);
    await alice.page.evaluate(fillDisk);
    acknowledged.length = 0;
    const texts = ['No room for what comes 1', 'No room for what comes 2'];
    for (const text of texts) await bob.send(text);
    await alice.page.waitForFunction(() => window.refused.length > 0);
    await alice.alert.filter({ hasText: /no storage space left/i }).first().waitFor();
    await alice.page.waitForTimeout(2_000);
    const before = [...acknowledged];
    await alice.page.evaluate(() => window.makeRoom());
    assert.deepEqual(before, [], 'the node would forget what is kept nowhere');
    for (const text of texts) await alice.sees(text);
    await until('the node is told', () => acknowledged.length > 0);
    alice.page.off('request', listen);
    await alice.reload();
    await alice.openRow(/bob\.eth/);
    for (const text of texts) await alice.sees(text);
    assert.deepEqual(await alice.order(texts), texts);
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
    const leading = await second.evaluate(holder);
    await first.close({ runBeforeUnload: false });
    const gone = Date.now();
    await takenFrom(leading, second, gone);
    alice.page = second;
    await bob.send('To the tab that is left');
    await alice.sees('To the tab that is left');
    console.log(`    shown in the tab that is left after ${Date.now() - gone} ms`);
    await alice.send('From the tab that is left');
    await bob.sees('From the tab that is left');
  });

  /** Another page than `leading` acts for the account soon after `since`. */
  async function takenFrom(leading, page, since, soon = SOON) {
    assert.ok(leading);
    await until('it is taken over', async () => ![leading, null].includes(await page.evaluate(holder)));
    const took = Date.now() - since;
    console.log(`    taken over after ${took} ms`);
    assert.ok(took < soon, `after ${took} ms`);
  }

  test('a tab that hangs gives way to the next, and shows everything once when it goes on', async () => {
    const first = alice.page;
    await alice.arrive();
    await alice.resume();
    await alice.openRow(/bob\.eth/);
    const second = alice.page;
    const leading = await second.evaluate(holder);
    // Nothing in it runs any more, as in a tab that is frozen: what Chromium is told of that by CDP changes nothing here.
    const session = await alice.context.newCDPSession(first);
    await session.send('Debugger.enable');
    const hangs = new Promise((resolve) => session.once('Debugger.paused', resolve));
    await session.send('Debugger.pause');
    await hangs;
    await takenFrom(leading, second, Date.now(), SILENT);
    await bob.send('To the tab that is awake');
    await alice.sees('To the tab that is awake');
    await alice.send('From the tab that is awake');
    await bob.sees('From the tab that is awake');
    await session.send('Debugger.resume');
    await session.detach();
    await bob.send('To both again');
    const texts = ['To the tab that is awake', 'From the tab that is awake', 'To both again'];
    for (const page of [first, second]) {
      alice.page = page;
      await alice.sees('To both again');
      assert.deepEqual(await alice.order(texts), texts);
    }
    assert.deepEqual(await counts(bob, texts), once(texts));
    await first.close({ runBeforeUnload: false });
  });

  for (const [where, reached] of [['on its way', false], ['at the node, unanswered', true]]) {
    for (const [what, withAnother] of [['alone', false], ['beside another', true]]) {
      test(`a tab that is killed, ${what}, while what was written is ${where}: it arrives once`, async () => {
        const text = `Killed ${what}, ${where}`;
        const first = alice.page;
        if (withAnother) {
          await alice.arrive();
          await alice.resume();
          await alice.openRow(/bob\.eth/);
        }
        const second = alice.page;
        let isOpen = false;
        // It is never answered. What the service demands may be asked for there, too.
        await first.route('**/ds/rpc', async (route) => {
          if (!route.request().postData().includes('submitMessage')) return route.continue();
          if (reached) await route.fetch();
          isOpen = true;
        });
        alice.page = first;
        await alice.composer.fill(text);
        await alice.button('Send').click();
        await until('the request is open', () => isOpen);
        if (withAnother) {
          await first.close({ runBeforeUnload: false });
          alice.page = second;
        } else {
          const crashed = first.waitForEvent('crash');
          const session = await alice.context.newCDPSession(first);
          session.send('Page.crash').catch(() => {});
          await crashed;
          await first.close();
          await alice.arrive();
          await alice.resume();
          await alice.openRow(/bob\.eth/);
        }
        await bob.sees(text);
        await until('alice knows that it arrived', async () => /· (sent|delivered|read)$/.test(await alice.log.locator('.meta').last().innerText()));
        // Whoever would send it again has done so by then.
        await bob.page.waitForTimeout(1_500);
        for (const person of [alice, bob]) assert.deepEqual(await counts(person, [text]), [1]);
        await bob.reload();
        await bob.openRow(/alice\.eth/);
        await bob.sees(text);
        assert.deepEqual(await counts(bob, [text]), [1]);
      });
    }
  }

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
