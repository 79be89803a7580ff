// Going through a long conversation, by wheel and by keyboard.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Wallet } from 'ethers';
import { fill } from '../bench/lib/fill.js';
import { Dm3Client, aliasOf } from './client.mjs';
import { boxOf, until, useWorld } from './support.mjs';

/** How many messages are kept, and how many of them may be in the page. */
const [KEPT, MOST] = [400, 200];
/** What nobody sees: pixels. */
const SAME = 2;

/** Runs in the page: the rows that are seen, their texts and places, and how much there is in the page. */
function look() {
  const root = document.querySelector('dm3-chat').shadowRoot;
  const log = root.querySelector('.log');
  const view = log.getBoundingClientRect();
  const rows = [...log.querySelectorAll('.entry')].map((row) => {
    const { top, bottom } = row.getBoundingClientRect();
    return { hash: row.dataset.of, text: row.querySelector('.message').textContent, top, bottom };
  });
  const seen = rows.filter(({ top, bottom }) => bottom > view.top && top < view.bottom);
  return { seen, rows, view: { top: view.top, height: view.height }, nodes: root.querySelectorAll('*').length };
}

/** Runs in the page: counts what is taken out of the conversation and put back. */
function countPutBack() {
  const seen = new WeakSet();
  window.putBack = 0;
  const watches = new MutationObserver((changes) => {
    for (const { addedNodes } of changes) window.putBack += [...addedNodes].filter((node) => seen.has(node)).length;
    for (const { removedNodes } of changes) removedNodes.forEach((node) => seen.add(node));
  });
  watches.observe(document.querySelector('dm3-chat').shadowRoot.querySelector('.log-content'), { childList: true });
}

const number = ({ text }) => Number(/Message (\d+):/.exec(text)?.[1]);

describe('a long conversation', () => {
  const world = useWorld({ before, after });
  let alice;
  let peer;

  /** What alice sees once nothing moves any more. */
  async function seen() {
    let last;
    return until('nothing moves', async () => {
      const now = await alice.page.evaluate(look);
      const is = JSON.stringify(now.seen);
      if (is !== last || now.seen.length === 0) {
        last = is;
        await alice.page.waitForTimeout(100);
        return false;
      }
      assert.ok(now.rows.length <= MOST, `${now.rows.length} messages are in the page`);
      assert.ok(now.nodes < 4_000, `${now.nodes} elements are in the page`);
      return now;
    });
  }

  /** Something is done: what was seen is moved by so much and stays in order. */
  async function move(act, by) {
    const before = await seen();
    // At an end there is nothing to wait for.
    const scrolled = alice.log.evaluate(
      (log) =>
        new Promise((resolve) => {
          log.addEventListener('scroll', resolve, { once: true });
          setTimeout(resolve, 500);
        }).then(() => undefined),
    );
    await act();
    await scrolled;
    const now = await seen();
    const [row] = before.seen.filter(({ top }) => top >= before.view.top);
    const same = now.rows.find(({ hash }) => hash === row.hash);
    assert.ok(same, 'what was seen is still in the page');
    const moved = same.top - row.top;
    const numbers = now.seen.map(number).filter((number) => !Number.isNaN(number));
    for (const [at, one] of numbers.entries()) if (at > 0) assert.equal(one, numbers[at - 1] + 1, 'each follows the one before');
    if (by !== undefined) assert.ok(Math.abs(moved - by) <= SAME, `moved by ${moved} instead of ${by}`);
    return { ...now, moved, numbers };
  }

  const wheel = (by) => alice.page.mouse.wheel(0, by);

  async function say(text) {
    await peer.send(aliasOf(alice.account.address), text);
  }

  const toNewest = () => alice.button('Go to the newest message');

  const open = async () => {
    await alice.resume();
    await alice.openRow(/Message|news|The answer|first/i);
    await alice.log.locator('.entry').first().waitFor();
  };

  test('somebody has written to somebody for long', async () => {
    alice = await world().person('alice');
    await alice.signUp();
    const { address, privateKey } = Wallet.createRandom();
    peer = new Dm3Client(world().net, { address, privateKey });
    await peer.signUp();
    await say('The first of many.');
    await alice.openRow(/The first of many/);
    await alice.send('The answer.');
    await alice.log.getByText(/· sent/).waitFor();
    await alice.leave();
    const page = await alice.context.newPage();
    await page.goto(`${world().url}/localnet.json`);
    const filled = await page.evaluate(fill, { messages: KEPT + 3, first: KEPT, peers: [world().account('bob').address] });
    await page.close();
    assert.equal(filled.messages, KEPT + 3);
    await alice.arrive();
    await open();
    const { rows, seen: there } = await seen();
    assert.equal(there.at(-1).text, 'The answer.', 'it opens at its end');
    assert.ok(rows.length < 100);
    assert.equal(await toNewest().count(), 0);
  });

  test('up to its beginning by the wheel: all of it, each in its place, and nothing jumps', async () => {
    await alice.page.evaluate(countPutBack);
    const box = await boxOf(alice.log);
    await alice.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    const met = new Set();
    for (;;) {
      const { numbers, rows, moved } = await move(() => wheel(-1_200));
      for (const row of rows) if (number(row) >= 0) met.add(number(row));
      if (numbers[0] === 0 && moved === 0) break;
      assert.ok(numbers[0] === 0 || Math.abs(moved - 1_200) <= SAME, `moved by ${moved} at ${numbers[0]}`);
    }
    assert.equal(met.size, KEPT);
    await alice.screenshot('thread-begin');
  });

  test('down again by the wheel to the newest', async () => {
    for (;;) {
      const { seen: now, moved } = await move(() => wheel(1_200));
      if (now.at(-1).text === 'The answer.' && moved === 0) break;
      assert.ok(now.at(-1).text === 'The answer.' || Math.abs(moved + 1_200) <= SAME, `moved by ${moved} at ${now[0].text}`);
    }
    assert.equal(await toNewest().count(), 0);
  });

  test('nothing that stayed was taken out of the page for that: what plays there plays on', async () => {
    assert.equal(await alice.page.evaluate(() => window.putBack), 0);
  });

  test('up by PageUp, and back by End', async () => {
    await alice.log.focus();
    for (let page = 0; page < 32; page += 1) {
      const { moved, view } = await move(() => alice.page.keyboard.press('PageUp'));
      // What comes meanwhile ends no scrolling that is under way.
      assert.ok(moved > view.height * 0.8 && moved <= view.height, `a page is ${moved} of ${view.height}`);
    }
    await toNewest().waitFor();
    await alice.page.keyboard.press('End');
    await until('the newest is seen', async () => (await seen()).seen.at(-1).text === 'The answer.');
    await until('it has the focus', async () => /The answer\./.test(await alice.log.locator('.entry:focus').innerText()));
  });

  test('arrows go from message to message beyond what was in the page', async () => {
    for (let step = 0; step < 110; step += 1) await alice.page.keyboard.press('ArrowUp');
    const focused = alice.log.locator('.entry:focus');
    assert.match(await focused.innerText(), new RegExp(`Message ${KEPT - 109}:`));
    await toNewest().waitFor();
  });

  test('what comes meanwhile moves nothing; the button counts it and leads there', async () => {
    await move(() => say('Some news.'), 0);
    await toNewest().getByText('1', { exact: true }).waitFor();
    await move(() => say('More news.'), 0);
    await toNewest().getByText('2', { exact: true }).waitFor();
    assert.equal(await alice.chat.getByRole('status').getByText('2 new messages').count(), 1);
    // Nobody has seen them: neither is it told here, nor to whom wrote them.
    assert.equal(await alice.chat.evaluate((chat) => chat.unreadCount), 2);
    await alice.screenshot('thread-away');
    await toNewest().click();
    await until('the newest is seen', async () => (await seen()).seen.at(-1).text === 'More news.');
    await until('the button is gone', async () => (await toNewest().count()) === 0);
    await until('they are seen', () => alice.chat.evaluate((chat) => chat.unreadCount === 0));
    assert.equal(await alice.log.evaluate((log) => log.contains(log.getRootNode().activeElement)), true);
  });

  test('at the end, what comes is seen at once', async () => {
    await say('The latest news.');
    await until('it is seen', async () => (await seen()).seen.at(-1).text === 'The latest news.');
    await until('a screen reader is told of what comes', async () => (await alice.log.getAttribute('aria-live')) === null);
  });

  test('what stands in a conversation that is opened is not said to be new; what comes then is', async () => {
    await alice.back();
    await alice.chat.evaluate(({ shadowRoot }) => {
      window.dm3Live = [];
      const watches = new MutationObserver(() => {
        const log = shadowRoot.querySelector('.log:has(.entry)');
        if (log) window.dm3Live.push(log.getAttribute('aria-live'));
      });
      watches.observe(shadowRoot, { childList: true, subtree: true });
    });
    await alice.openRow(/The latest news/);
    await alice.log.locator('.entry').first().waitFor();
    assert.equal(await alice.page.evaluate(() => window.dm3Live[0]), 'off');
    assert.equal(await alice.log.getAttribute('role'), 'log');
    await until('what comes now is said', async () => (await alice.log.getAttribute('aria-live')) === null);
  });

  test('who comes back from the contact’s card reads on where they were', async () => {
    for (let step = 0; step < 12; step += 1) await wheel(-500);
    const before = await seen();
    await alice.chat.locator('.who').click();
    await alice.chat.locator('.log').waitFor({ state: 'detached' });
    await alice.button('Back').click();
    await alice.composer.waitFor();
    const now = await seen();
    const [first] = before.seen;
    const same = now.seen.find(({ hash }) => hash === first.hash);
    assert.ok(Math.abs(same.top - first.top) <= SAME, `${same.top - first.top} pixels away`);
  });

  test('what somebody writes is seen, wherever they were reading', async () => {
    for (let step = 0; step < 20; step += 1) await wheel(-800);
    await seen();
    await alice.composer.fill('Written from far above.');
    await alice.composer.press('Enter');
    await until('it is seen', async () => (await seen()).seen.at(-1).text === 'Written from far above.');
  });

  test('a quote leads to a message far up', async () => {
    const hash = await alice.page.evaluate(async () => {
      const settled = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
      const database = await settled(indexedDB.open('dm3-chat'));
      const all = await settled(database.transaction('messages').objectStore('messages').getAll());
      database.close();
      return all.find(({ message }) => message.json.includes('Message 7:')).message.hash;
    });
    await peer.tell(aliasOf(alice.account.address), { text: 'As you said', type: 'REPLY', about: hash });
    await alice.log.locator('.entry', { hasText: 'As you said' }).locator('.quote').click();
    await until('it is seen', async () => (await seen()).seen.some((row) => number(row) === 7));
    assert.match(await alice.log.locator('.entry:focus').innerText(), /Message 7:/);
    const { rows } = await seen();
    assert.ok(rows.length < MOST && rows.every(({ text }) => text !== 'As you said'), 'what is between is not in the page');
    await alice.screenshot('thread-found');
  });

  test('from there it goes on in both directions', async () => {
    for (let step = 0; step < 8; step += 1) {
      const { moved, numbers } = await move(() => wheel(1_200));
      assert.ok(Math.abs(moved + 1_200) <= SAME, `moved by ${moved} at ${numbers[0]}`);
    }
    for (let step = 0; step < 4; step += 1) await move(() => wheel(-1_200), 1_200);
    await toNewest().click();
    await until('the newest is seen', async () => (await seen()).seen.at(-1).text.includes('As you said'));
  });

  test('it opens where it goes on with what was not seen', async () => {
    await alice.leave();
    for (let count = 0; count < 90; count += 1) await say(`While you were away ${count}.`);
    await alice.arrive();
    await alice.resume();
    await until('all has come', async () => /90/.test(await alice.chat.locator('.unread').first().innerText()));
    await alice.openRow(/While you were away/);
    const line = alice.log.getByText('New', { exact: true });
    await until('the first that was not seen is seen', async () => (await seen()).seen.some(({ text }) => text === 'While you were away 0.'));
    const [at, view] = [await boxOf(line), await boxOf(alice.log)];
    assert.ok(at.y >= view.y && at.y < view.y + view.height / 4, `the line stands at ${at.y} of ${view.y}`);
    await alice.screenshot('thread-unseen');
    await toNewest().click();
    await until('the newest is seen', async () => (await seen()).seen.at(-1).text === 'While you were away 89.');
  });

  test('who is at a row of the list stays there when another conversation comes to its top', async () => {
    await alice.back();
    const bob = new Dm3Client(world().net, world().account('bob'));
    await bob.signUp();
    await alice.chat.locator('.list li').first().getByRole('button').focus();
    await bob.send(aliasOf(alice.account.address), 'It is me.');
    const top = alice.chat.locator('.list li').first();
    await until('it stands at the top', async () => /It is me/.test(await top.innerText()));
    assert.ok(await alice.chat.locator('.list li').nth(1).locator('button:focus').count(), 'it has the focus');
  });

  test('nothing broke the page or its policy', () => {
    world().assertNoFaults();
  });
});
