// What a page asks of its element: by methods, by buttons, by commands.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useLoader } from './loader.support.mjs';

describe('what a page asks for', () => {
  let page;
  const { open, launcher, panel, calls, called, faults } = useLoader(next => (page = next));

  /** What the application would ask somebody for, or show them. */
  const ASKING = ['open_conversation', 'connect', 'export_backup', 'import_backup'];

  /** Nobody sees the panel, so that nothing is asked of them. */
  async function refusesToAsk() {
    const codes = await page.locator('dm3-chat').evaluate(async chat => {
      chat.dispatchEvent(new CustomEvent('dm3-connect', { detail: { account: '0x1' } }));
      const asked = [chat.connect({ request() {} }), chat.exportBackup(), chat.importBackup(new Blob())];
      const ends = await Promise.allSettled(asked);
      return ends.map(({ status, reason }) => [status, reason?.code, reason instanceof Error, chat.provider]);
    });
    assert.deepEqual(codes, Array(3).fill(['rejected', 'not-shown', true, undefined]));
  }

  test('one that is disabled opens nothing, however it is asked', async () => {
    await open('<button data-dm3-to="bob.eth">Message seller</button><dm3-chat disabled></dm3-chat>');
    await launcher('Open chat').waitFor();
    assert.equal(await launcher('Open chat').isDisabled(), true);
    await page.getByRole('button', { name: 'Message seller' }).click();
    await page.locator('dm3-chat').evaluate(chat => chat.show());
    assert.equal(await panel().isVisible(), false);
    await called(['new', null]);
    await refusesToAsk();
    await page.locator('dm3-chat').evaluate(chat => chat.openConversation('bob.eth'));
    await page.evaluate(() => window.dm3Chat.push(['connect'], ['open', { to: 'bob.eth' }]));
    assert.deepEqual((await calls()).filter(([name]) => ASKING.includes(name)), []);
    assert.equal(await page.locator('dm3-chat').getAttribute('draft'), null);
    await page.locator('dm3-chat').evaluate(chat => (chat.disabled = false));
    await launcher('Open chat').click();
    assert.equal(await panel().isVisible(), true);
    await page.locator('dm3-chat').evaluate(chat => (chat.disabled = true));
    assert.equal(await panel().evaluate(panel => panel.inert), true);
  });

  test('a button of the page opens its conversation, and gets the focus back', async () => {
    await open('<button id="seller" data-dm3-to="bob.eth" data-dm3-draft="Hi" data-dm3-context="Offer 7">Message seller</button><dm3-chat></dm3-chat>');
    await page.getByRole('button', { name: 'Message seller' }).click();
    await called(['open_conversation', 'bob.eth', 'Offer 7', 'Hi']);
    assert.equal(await page.locator('dm3-chat').getAttribute('draft'), null);
    await page.locator('[data-autofocus]').focus();
    await page.keyboard.press('Escape');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'seller');
  });

  test('commands that were queued before the element existed are carried out', async () => {
    await open('<dm3-chat></dm3-chat>', { early: "(window.dm3Chat ||= []).push(['open', { to: 'alice.eth' }]);" });
    await called(['open_conversation', 'alice.eth', 'undefined', 'undefined']);
    await page.evaluate(() => window.dm3Chat.push(['hide']));
    assert.equal(await panel().isVisible(), false);
    await page.evaluate(() => window.dm3Chat.push(['reset'], ['constructor'], 'nonsense'));
    await called(['reset']);
  });

  test('a command that makes no sense keeps nobody from the others, nor from the buttons', async () => {
    const early = "(window.dm3Chat ||= []).push(['open', null], ['open', { to: 'alice.eth' }]);";
    await open('<button data-dm3-to="bob.eth">Message seller</button><dm3-chat></dm3-chat>', { early });
    await called(['open_conversation', 'alice.eth', 'undefined', 'undefined']);
    await page.getByRole('button', { name: 'Message seller' }).click();
    await called(['open_conversation', 'bob.eth', 'undefined', 'undefined']);
  });

  test('what a conversation is about, and a text to begin with, are texts or nothing', async () => {
    await open('<dm3-chat></dm3-chat>');
    await page.locator('dm3-chat').evaluate(chat => chat.openConversation('bob.eth', { context: 7, draft: 8 }));
    await called(['open_conversation', 'bob.eth', '7', '8']);
    await page.locator('dm3-chat').evaluate(chat => chat.openConversation('eve.eth', { context: null, draft: null }));
    await called(['open_conversation', 'eve.eth', 'undefined', 'undefined']);
  });

  test('where a browser takes no such states, the panel opens all the same', async () => {
    const early = "CustomStateSet.prototype.add = () => { throw new SyntaxError('names begin with --'); };";
    await open('<dm3-chat></dm3-chat>', { early });
    await launcher('Open chat').click();
    await called(['new', null]);
    assert.equal(await panel().isVisible(), true);
  });

  test('the page can prevent opening and closing', async () => {
    await open('<dm3-chat></dm3-chat>');
    const states = await page.locator('dm3-chat').evaluate(chat => {
      const prevent = event => event.preventDefault();
      chat.addEventListener('dm3-show', prevent, { once: true });
      chat.show();
      const first = chat.open;
      chat.show();
      chat.addEventListener('dm3-hide', prevent, { once: true });
      chat.hide();
      const second = chat.open;
      chat.hide();
      return [first, second, chat.open];
    });
    assert.deepEqual(states, [false, true, false]);
  });

  test('where the page prevents opening, nobody is asked for anything behind its panel', async () => {
    await open('<dm3-chat></dm3-chat>');
    await called(['new', null]);
    await page.locator('dm3-chat').evaluate(chat => chat.addEventListener('dm3-show', event => event.preventDefault()));
    await refusesToAsk();
    await page.locator('dm3-chat').evaluate(chat => chat.openConversation('bob.eth', { draft: 'Hi' }));
    assert.deepEqual((await calls()).filter(([name]) => ASKING.includes(name)), []);
    assert.equal(await page.locator('dm3-chat').getAttribute('draft'), null);
    assert.equal(await panel().isVisible(), false);
  });

  test('inline, what asks somebody for something needs nothing to be opened', async () => {
    await open('<dm3-chat mode="inline"></dm3-chat>');
    await called(['new', null]);
    const size = await page.locator('dm3-chat').evaluate(async chat => {
      chat.dispatchEvent(new CustomEvent('dm3-connect', { detail: { account: '0x1' } }));
      await chat.connect();
      return (await chat.exportBackup()).size;
    });
    await called(['connect']);
    assert.equal(size, 'a backup'.length);
  });

  test('reset() is done once everything is deleted, and says why it could not be', async () => {
    await open('<dm3-chat></dm3-chat>');
    await called(['new', null]);
    for (const [answer, end] of [['erased', 'done'], ['hindered', 'storage']]) {
      const ends = await page.locator('dm3-chat').evaluate(async (chat, answer) => {
        const end = chat.reset().then(() => 'done', ({ code }) => code);
        const early = await Promise.race([end, new Promise(later => setTimeout(later, 50))]);
        window[answer]();
        return [early, await end];
      }, answer);
      assert.deepEqual(ends, [undefined, end]);
    }
    await open('<dm3-chat></dm3-chat>', { broken: ['/dm3-chat-app.js'] });
    assert.equal(await page.locator('dm3-chat').evaluate(chat => chat.reset().catch(({ code }) => code)), 'load-failed');
  });

  test('connect() opens the panel and starts signing in with the given wallet', async () => {
    await open('<dm3-chat></dm3-chat>');
    await page.locator('dm3-chat').evaluate(chat => chat.connect({ request() {} }));
    const names = (await calls()).map(([name]) => name);
    assert.ok(names.indexOf('set_provider') < names.indexOf('connect'));
    assert.equal(await panel().isVisible(), true);
  });

  test('nothing broke the policy or threw', () => assert.deepEqual(faults, []));
});
