// The main job in every engine: sign up, write, receive live, reload, sign out – on the built package, under the
// strict policy with Trusted Types. Written once; tests/e2e/browsers/ has an adapter for each engine.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { startLocalnet } from '../localnet/index.mjs';
import { servePages } from '../localnet/serve.mjs';
import { BROWSERS, Visitor } from './browsers/index.mjs';
import { Dm3Client, aliasOf } from './client.mjs';
import { until } from './support.mjs';

/** Who uses which browser: accounts of their own, so that nothing is left from the browser before. */
const ACCOUNTS = { Chromium: 'alice', Firefox: 'dave', WebKitGTK: 'mallory' };

describe('the core in every browser', () => {
  let net;
  let pages;
  let bob;

  before(async () => {
    net = await startLocalnet();
    pages = await servePages({ net, first: fileURLToPath(new URL('browsers/watch.js', import.meta.url)) });
    bob = new Dm3Client(net, net.accounts.find(({ label }) => label === 'bob'));
    await bob.signUp();
  });
  after(async () => {
    await pages?.close();
    await net?.stop();
  });

  for (const [name, browser] of Object.entries(BROWSERS)) {
    describe(name, () => {
      const account = () => net.accounts.find(({ label }) => label === ACCOUNTS[name]);
      let page;
      let visitor;

      before(async () => {
        page = await browser.open();
        visitor = new Visitor(page);
        await visitor.goto(`${pages.url}/?as=${ACCOUNTS[name]}&wallet=auto`);
      });
      after(() => page?.close());

      const signatures = () =>
        visitor.evaluate(() => window.dm3DevWallet.prompts.filter(({ method }) => method === 'personal_sign').length);

      /** Everything that the browser keeps for the page, as one text. */
      const stored = () =>
        visitor.evaluate(async () => {
          const done = (request) =>
            new Promise((resolve, reject) => {
              request.onsuccess = () => resolve(request.result);
              request.onerror = () => reject(request.error);
            });
          const rows = [];
          for (const { name } of await indexedDB.databases()) {
            const database = await done(indexedDB.open(name));
            for (const store of database.objectStoreNames) {
              rows.push([store, await done(database.transaction(store).objectStore(store).getAll())]);
            }
            database.close();
          }
          return JSON.stringify([rows, { ...localStorage }, { ...sessionStorage }]);
        });

      test('the policy and Trusted Types are on, and what breaks them is noted', async () => {
        const refused = await visitor.evaluate(() => {
          try {
            document.createElement('div').innerHTML = '<b>text</b>';
            return false;
          } catch {
            const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: 'data:text/css,' });
            document.head.append(link);
            return true;
          }
        });
        assert.ok(refused, 'markup text was taken');
        const faults = [];
        await until('both violations', async () => {
          faults.push(...(await visitor.takeFaults()));
          const parts = ['require-trusted-types-for', 'style-src'];
          return parts.every((part) => faults.some((fault) => fault.includes(part)));
        });
      });

      test('signing up takes two signatures', async () => {
        await visitor.press('Open chat');
        await visitor.press('Connect wallet');
        await visitor.press('Create keys');
        await visitor.press('Publish profile');
        await visitor.sees('heading', 'Messages');
        assert.equal(await signatures(), 2);
      });

      test('what is written arrives with another dm3 client', async () => {
        await visitor.enter('Search or enter a name', 'bob.eth');
        await visitor.enter('Message bob.eth', `Hello Bob, from ${name}`);
        await visitor.reads(`Hello Bob, from ${name}`);
        await until('bob has it', async () => (await bob.texts()).includes(`Hello Bob, from ${name}`));
      });

      test('an answer is shown as it arrives', async () => {
        await bob.send(aliasOf(account().address), `Hello ${name}`);
        await visitor.reads(`Hello ${name}`);
      });

      test('the field grows with a long line, and becomes low again', async () => {
        const height = () =>
          visitor.evaluate(() => document.querySelector('dm3-chat').shadowRoot.querySelector('textarea').offsetHeight);
        const low = await height();
        await visitor.type('Message bob.eth', 'a line that goes on and on '.repeat(5));
        await until('it is higher', async () => (await height()) >= low + 20);
        await visitor.enter('Message bob.eth', 'and ends here');
        await visitor.reads('and ends here');
        await until('it is as low as before', async () => (await height()) === low);
      });

      test('after a reload both are there, and the wallet was not asked', async () => {
        await visitor.reload();
        await visitor.press('Open chat');
        await visitor.press({ pattern: 'bob\\.eth' });
        await visitor.reads(`Hello Bob, from ${name}`);
        await visitor.reads(`Hello ${name}`);
        assert.equal(await signatures(), 0);
        await visitor.screenshot(`core-${name}`);
      });

      test('signing out leaves no message in the browser', async () => {
        assert.match(await stored(), new RegExp(`Hello ${name}`));
        await visitor.press('Back');
        await visitor.press('Account');
        await visitor.press('Sign out');
        await visitor.press('Sign out and delete them');
        await visitor.sees('button', 'Connect wallet');
        assert.doesNotMatch(await stored(), /Hello/);
        await visitor.reload();
        await visitor.press('Open chat');
        await visitor.sees('button', 'Connect wallet');
      });

      test('nothing broke the policy or went uncaught', async () => {
        assert.deepEqual(await visitor.takeFaults(), []);
      });
    });
  }
});
