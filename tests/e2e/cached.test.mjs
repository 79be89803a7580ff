// A page that is left and gone back to. Chromium keeps it as it was, with everything in it, and nothing in it runs meanwhile
// (back/forward cache). Playwright turns that off; Puppeteer does not.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { startLocalnet } from '../localnet/index.mjs';
import { servePages } from '../localnet/serve.mjs';
import { Visitor } from './browsers/index.mjs';
import { openBy } from './browsers/puppeteer.mjs';
import { Dm3Client, aliasOf } from './client.mjs';
import { BROWSER_ARGS, until } from './support.mjs';

const ELSEWHERE = 'about:blank';

describe('a page that is gone back to', () => {
  let net;
  let pages;
  let bob;
  let page;
  let alice;
  let url;

  before(async () => {
    net = await startLocalnet();
    // No browser keeps a page that must not be stored.
    const first = fileURLToPath(new URL('browsers/watch.js', import.meta.url));
    pages = await servePages({ net, first, cacheControl: 'no-cache' });
    bob = new Dm3Client(net, net.accounts.find(({ label }) => label === 'bob'));
    await bob.signUp();
    page = await openBy({ browser: 'chrome', executablePath: '/usr/bin/chromium', args: BROWSER_ARGS });
    alice = new Visitor(page);
    url = `${pages.url}/?as=alice&wallet=auto`;
  });
  after(async () => {
    await page?.close();
    await pages?.close();
    await net?.stop();
  });

  const aliceAlias = () => aliasOf(net.accounts.find(({ label }) => label === 'alice').address);

  /**
   * Leaves when nothing is being written any more. A page that is left in the middle of that is not kept by the browser
   * once another tab of the account has to wait for it.
   */
  async function leave() {
    await alice.evaluate(async () => {
      window.stayed = true;
      await new Promise((resolve) => setTimeout(resolve, 1_500));
    });
    await page.goto(ELSEWHERE);
  }

  /** Goes back, and is sure that the page is the one that was left. */
  async function comeBack() {
    await page.back();
    assert.equal(await alice.evaluate(() => window.stayed === true), true, 'the browser has kept the page');
  }

  /** Whether bob has got a message with this text. */
  const arrives = (text) => until(`bob has "${text}"`, async () => (await bob.texts()).includes(text));

  test('somebody signs up and writes', async () => {
    await alice.goto(url);
    await alice.press('Open chat');
    await alice.press('Connect wallet');
    await alice.press('Create keys');
    await alice.press('Publish profile');
    await alice.enter('Search or enter a name', 'bob.eth');
    await alice.enter('Message bob.eth', 'before');
    await alice.reads('before');
    await arrives('before');
  });

  test('what came meanwhile is there, what comes is shown as it arrives, and what is written leaves', async () => {
    await leave();
    await bob.send(aliceAlias(), 'while nobody was there');
    await comeBack();
    await alice.reads('while nobody was there');
    await bob.send(aliceAlias(), 'live again');
    await alice.reads('live again');
    await alice.enter('Message bob.eth', 'back again');
    await arrives('back again');
  });

  test('left in the middle of writing, what was typed is there, and leaves once it is sent', async () => {
    await alice.type('Message bob.eth', 'half a thought');
    await leave();
    await comeBack();
    await alice.enter('Message bob.eth', ', and the rest');
    await arrives('half a thought, and the rest');
  });

  test('meanwhile another tab is in touch, and both are when it is gone back to', async () => {
    await leave();
    const tab = await page.tab();
    const other = new Visitor(tab);
    await other.goto(url);
    await other.press('Open chat');
    await other.press({ pattern: 'bob\\.eth' });
    await bob.send(aliceAlias(), 'to the other tab');
    await other.reads('to the other tab');
    await comeBack();
    await alice.reads('to the other tab');
    await bob.send(aliceAlias(), 'to both');
    await Promise.all([alice.reads('to both'), other.reads('to both')]);
    assert.deepEqual(await other.takeFaults(), []);
    await tab.close();
    await bob.send(aliceAlias(), 'to the one that is left');
    await alice.reads('to the one that is left');
  });

  test('signed out meanwhile in another tab, it shows nothing any more', async () => {
    await leave();
    const tab = await page.tab();
    const other = new Visitor(tab);
    await other.goto(url);
    await other.press('Open chat');
    await other.press('Account');
    await other.press('Sign out');
    await other.press('Sign out and delete them');
    await other.sees('button', 'Connect wallet');
    await tab.close();
    await comeBack();
    await alice.sees('button', 'Connect wallet');
    const shown = await alice.evaluate(() => document.querySelector('dm3-chat').shadowRoot.textContent);
    assert.doesNotMatch(shown, /before|back again|live again/);
  });

  test('nothing broke the policy or went uncaught', async () => {
    assert.deepEqual(await alice.takeFaults(), []);
  });
});
