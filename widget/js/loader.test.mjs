// The loader by itself: what is shown, said and fetched before the application is there, and when it can't be had.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SIGNED_IN, useLoader } from './loader.support.mjs';

describe('the loader', () => {
  let page;
  const { open, launcher, panel, calls, called, focused, serve, faults } = useLoader(next => (page = next));

  test('the launcher stands there without the application', async () => {
    await open('<dm3-chat></dm3-chat>', { broken: ['/dm3-chat-app.js', '/dm3-chat_bg.wasm'] });
    await launcher('Open chat').waitFor();
    assert.equal(await panel().isVisible(), false);
  });

  test('opening moves the focus into the panel, Escape closes it and gives the focus back', async () => {
    await open('<dm3-chat></dm3-chat>');
    await launcher('Open chat').click();
    await page.locator('[data-autofocus]').waitFor();
    await page.waitForFunction(() => document.querySelector('dm3-chat').shadowRoot.activeElement?.localName === 'input');
    // Of an input method, as Safari tells it.
    await page.locator('[data-autofocus]').dispatchEvent('keydown', { key: 'Escape', keyCode: 229, bubbles: true });
    assert.equal(await panel().isVisible(), true);
    await page.keyboard.press('Escape');
    assert.equal(await panel().isVisible(), false);
    assert.equal(await focused(), 'launcher');
    await called(['shown', 'false']);
  });

  test('the rules for names outside ASCII are fetched when they are asked for, again if it failed', async () => {
    const fetched = [];
    page.on('request', request => fetched.push(new URL(request.url()).pathname));
    await open('<dm3-chat open></dm3-chat>', { broken: ['/dm3-chat-names.js'] });
    await called(['new', null]);
    assert.ok(!fetched.includes('/dm3-chat-names.js'));
    const ask = () =>
      page.evaluate(() =>
        globalThis.importNames().then(
          module => module.normalise('☕.eth').name,
          () => 'failed',
        ),
      );
    assert.equal(await ask(), 'failed');
    serve();
    assert.equal(await ask(), '☕.eth');
  });

  test('any [data-close] inside the panel closes it', async () => {
    await open('<dm3-chat open></dm3-chat>');
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    assert.equal(await page.locator('dm3-chat').getAttribute('open'), null);
  });

  test('where nobody is signed in, nothing but the loader is fetched until somebody comes near the launcher', async () => {
    const fetched = [];
    page.on('request', request => fetched.push(new URL(request.url()).pathname));
    const near = [() => launcher('Open chat').hover(), () => page.keyboard.press('Tab'), () => launcher('Open chat').dispatchEvent('pointerenter')];
    for (const come of near) {
      fetched.length = 0;
      await open('<dm3-chat></dm3-chat>', { early: '' });
      await page.waitForLoadState('networkidle');
      assert.deepEqual(fetched.filter(path => path.startsWith('/dm3-chat')), ['/dm3-chat.js']);
      assert.equal(await page.locator('dm3-chat').evaluate(chat => chat.state), 'idle');
      await come();
      await called(['new', null]);
      assert.equal(await panel().isVisible(), false);
    }
  });

  test('of somebody who is signed in it is loaded when the page is idle, so that the badge can appear', async () => {
    await open('<dm3-chat></dm3-chat>');
    await called(['new', null]);
    await page.locator('dm3-chat').evaluate(chat => {
      chat.dispatchEvent(new CustomEvent('dm3-unread-change', { detail: { count: 3 } }));
    });
    assert.equal(await page.locator('[part~="badge"]').innerText(), '3');
    assert.equal(await launcher('Open chat').getAttribute('aria-description'), '3 unread messages');
    assert.equal(await page.locator('dm3-chat').evaluate(chat => chat.matches(':state(unread)')), true);
  });

  /** What is spoken: the locale, what the page says, what the language says, and the direction. */
  const spoken = () =>
    page.evaluate(() => {
      const { locale, texts } = globalThis.spoken ?? {};
      return [locale, ...(texts ?? []), document.querySelector('dm3-chat').shadowRoot.querySelector('.base').dir];
    });
  const speaks = async locale => page.waitForFunction(locale => globalThis.spoken?.locale === locale, locale);

  test('the language is the element’s, else the chosen one, else the page’s, else the browser’s, each by its nearest', async () => {
    const cases = [
      ['<div lang="fr"><dm3-chat lang="de-AT"></dm3-chat></div>', 'es', 'de-AT'],
      ['<div lang="fr"><dm3-chat></dm3-chat></div>', 'es', 'es'],
      ['<div lang="fr-CA"><dm3-chat></dm3-chat></div>', '', 'fr-CA'],
      ['<div lang="zh-Hant-TW"><dm3-chat></dm3-chat></div>', '', 'zh-Hant-TW'],
      ['<dm3-chat lang="ja"></dm3-chat>', '', 'en-US'],
      ['<dm3-chat lang="no language!"></dm3-chat>', 'neither/nor', 'en-US'],
    ];
    for (const [body, chosen, locale] of cases) {
      await open(body, { early: `${SIGNED_IN}localStorage.setItem('dm3-chat:language', ${JSON.stringify(chosen)})` });
      await called(['new', null]);
      assert.equal((await spoken())[0], locale, body);
    }
    await page.evaluate(() => localStorage.clear());
  });

  test('a language is spoken from the first screen, and another one when page or element say so', async () => {
    await open('<dm3-chat lang="de"></dm3-chat>');
    await called(['new', null]);
    assert.deepEqual(await spoken(), ['de', [null, null], ['close in de', 'open in de'], 'ltr']);
    await launcher('open in de').waitFor();
    await page.locator('dm3-chat').evaluate(chat => (chat.lang = 'ar'));
    await speaks('ar');
    await launcher('open in ar').waitFor();
    assert.equal((await spoken()).at(-1), 'rtl');
    await called(['attribute', 'lang']);
    await page.locator('dm3-chat').evaluate(chat => {
      document.documentElement.lang = 'en';
      chat.removeAttribute('lang');
    });
    await speaks('en');
    await launcher('Open chat').waitFor();
    assert.deepEqual(await spoken(), ['en', [], [], 'ltr']);
  });

  test('the page may say something else, in English as well; what is no text is not said', async () => {
    await open('<dm3-chat></dm3-chat>');
    await called(['new', null]);
    await page.evaluate(() => (document.querySelector('dm3-chat').strings = { close: 'Bye', 'loader.open': 'Ask us' }));
    await launcher('Ask us').waitFor();
    assert.deepEqual((await spoken()).slice(1, 3), [['Bye', 'Ask us'], ['close in en', 'open in en']]);
    const wrong = "{ close: 'x'.repeat(1_001), 'loader.open': { toString: () => 'x' } }";
    const hostile = '{ get close() { throw new Error("hostile"); } }';
    for (const strings of [wrong, '7', '"text"', '[]', 'new Proxy({}, { ownKeys() { throw new Error("hostile"); } })', hostile]) {
      await page.evaluate(strings => (document.querySelector('dm3-chat').strings = eval(`(${strings})`)), strings).catch(() => {});
    }
    await page.evaluate(() => (document.querySelector('dm3-chat').strings = undefined));
    await launcher('Open chat').waitFor();
  });

  test('own texts are taken by their ids, also as the files of languages have them', async () => {
    await open('<dm3-chat></dm3-chat>');
    for (const given of [{ 'loader.open': 'Ask us' }, { build: 'b1', dir: 'ltr', texts: { 'loader.open': 'Ask the team' } }]) {
      await page.locator('dm3-chat').evaluate((chat, given) => (chat.strings = given), given);
      await launcher((given.texts ?? given)['loader.open']).waitFor();
    }
    assert.deepEqual(await page.locator('dm3-chat').evaluate(chat => chat.strings), { 'loader.open': 'Ask the team' });
  });

  test('where a language can’t be fetched, English is spoken, and it is tried again', async () => {
    await open('<dm3-chat lang="de"></dm3-chat>', { broken: ['/dm3-chat-text-de.json'] });
    await called(['new', null]);
    assert.equal((await spoken())[0], 'en');
    await launcher('Open chat').waitFor();
    serve();
    await page.waitForFunction(() => globalThis.spoken.locale === 'de', undefined, { timeout: 15_000 });
    await launcher('open in de').waitFor();
  });

  test('inline it is open, without a launcher, and Escape does nothing', async () => {
    await open('<dm3-chat mode="inline"></dm3-chat>');
    await page.locator('[data-autofocus]').focus();
    await page.keyboard.press('Escape');
    assert.equal(await panel().isVisible(), true);
    assert.equal(await page.locator('[part~="launcher"]').isVisible(), false);
    assert.equal(await page.getByRole('button', { name: 'Close', exact: true }).isVisible(), false);
  });

  test('a failed load is said, and trying again works', async () => {
    const early = "addEventListener('dm3-error', event => (globalThis.code = event.detail.code));";
    for (const broken of ['/dm3-chat-app.js', '/dm3-chat_bg.wasm']) {
      await open('<dm3-chat open></dm3-chat>', { early, broken: [broken] });
      await page.getByRole('alert').waitFor();
      assert.equal(await page.evaluate(() => globalThis.code), 'load-failed');
      serve();
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.locator('[data-autofocus]').waitFor();
    }
  });

  test('files of another version, or none any more, are said with a way to reload', async () => {
    for (const changed of [{ builds: { '/dm3-chat_bg.wasm': 'b2' } }, { gone: ['/dm3-chat_bg.wasm'] }]) {
      await open('<dm3-chat open></dm3-chat>', changed);
      const alert = page.getByRole('alert');
      await alert.waitFor();
      assert.match(await alert.innerText(), /newer version/);
      serve();
      await page.getByRole('button', { name: 'Reload' }).click();
      await page.locator('[data-autofocus]').waitFor();
    }
  });

  test('the sign-in is fetched with the application unless somebody was signed in here', async () => {
    const fetched = [];
    page.on('request', request => fetched.push(new URL(request.url()).pathname));
    await open('<dm3-chat open></dm3-chat>', { early: "localStorage.setItem('dm3-chat:signed-in', '1')" });
    await called(['new', null]);
    assert.ok(!fetched.includes('/dm3-chat-sign-in.wasm'));
    fetched.length = 0;
    // Before the application's own script could ask for it, and once.
    let release;
    await page.route('**/dm3-chat-app.js', async route => {
      await new Promise(asked => (release = asked));
      await route.continue();
    });
    await open('<dm3-chat open></dm3-chat>', { early: 'localStorage.clear()' });
    const parts = ['/dm3-chat-common.wasm', '/dm3-chat-sign-in.wasm'];
    const asked = async () => parts.every(part => fetched.includes(part));
    for (let tries = 0; !(release && (await asked())); tries += 1) {
      assert.ok(tries < 100, `asked for ${fetched}`);
      await page.waitForTimeout(20);
    }
    release();
    await called(['new', null]);
    const styles = () => page.evaluate(() => document.querySelector('dm3-chat').shadowRoot.adoptedStyleSheets[1].cssRules.length);
    assert.equal(await page.evaluate(() => globalThis.loadPart('sign-in').then(modules => modules.length)), 2);
    assert.equal(await styles(), 2);
    for (const part of parts) assert.equal(fetched.filter(path => path === part).length, 1);
  });

  for (const file of ['/dm3-chat-common.wasm', '/dm3-chat-sign-in.wasm', '/dm3-chat-keys.wasm']) {
    test(`a part of which ${file} failed to load is fetched again when it is asked for again`, async () => {
      await open('<dm3-chat open></dm3-chat>', { broken: [file] });
      await called(['new', null]);
      const load = () =>
        page.evaluate(() => globalThis.loadPart('keys').then(modules => `${modules.length} loaded`, error => error.name));
      assert.equal(await load(), 'Error');
      serve({ gone: [file] });
      assert.equal(await load(), 'OtherVersion');
      serve({ builds: { [file]: 'b2' } });
      assert.equal(await load(), 'OtherVersion');
      serve();
      assert.equal(await load(), '3 loaded');
    });
  }

  test('a move keeps the application, a removal ends it, a return starts a new one', async () => {
    await open('<dm3-chat open></dm3-chat><div id="elsewhere"></div>');
    await called(['new', null]);
    await page.evaluate(() => document.querySelector('#elsewhere').append(document.querySelector('dm3-chat')));
    assert.equal((await calls()).filter(([name]) => name === 'unmount').length, 0);
    await page.evaluate(() => {
      globalThis.chat = document.querySelector('dm3-chat');
      globalThis.chat.remove();
    });
    await called(['free']);
    await page.evaluate(() => document.body.append(globalThis.chat));
    await page.waitForFunction(() => globalThis.calls.filter(([name]) => name === 'new').length === 2);
    // Nothing of the one that ended listens any more.
    await page.locator('[data-autofocus]').press('a');
    assert.equal((await calls()).filter(([name]) => name === 'key').length, 1);
  });

  test('properties set before the definition are picked up', async () => {
    await open('', {
      early: `
        const chat = document.createElement('dm3-chat');
        chat.to = 'shop.eth';
        chat.open = true;
        chat.provider = { request() {} };
        addEventListener('DOMContentLoaded', () => document.body.append(chat));
      `,
    });
    await called(['new', 'shop.eth']);
    await called(['set_provider', '[object Object]']);
    assert.equal(await panel().isVisible(), true);
  });

  test('attributes are properties, and the application hears of changes', async () => {
    await open('<dm3-chat open></dm3-chat>');
    await called(['new', null]);
    const node = await page.locator('dm3-chat').evaluate(chat => {
      chat.node = 'https://node.example';
      chat.rpcUrl = 'https://rpc.example';
      chat.removeAttribute('node');
      return [chat.node, chat.getAttribute('rpc-url')];
    });
    assert.deepEqual(node, ['', 'https://rpc.example']);
    await called(['attribute', 'node', 'https://node.example']);
    await called(['attribute', 'node', 'undefined']);
  });

  test('what is there or not is so as a property, too', async () => {
    await open('<dm3-chat lock-contact></dm3-chat>');
    await launcher('Open chat').waitFor();
    const seen = await page.locator('dm3-chat').evaluate(chat => {
      chat.disabled = 1;
      chat.open = 'yes';
      const seen = [chat.lockContact, chat.disabled, chat.open, chat.getAttribute('disabled')];
      chat.disabled = chat.lockContact = chat.open = false;
      return [...seen, chat.lockContact, chat.disabled, chat.open];
    });
    assert.deepEqual(seen, [true, true, true, '', false, false, false]);
  });

  test('the launcher is called as the page wants', async () => {
    await open('<dm3-chat label="Ask the seller"></dm3-chat>');
    await launcher('Ask the seller').click();
    await launcher('Close chat').waitFor();
    await page.locator('dm3-chat').evaluate(chat => (chat.label = 'Ask us'));
    await page.keyboard.press('Escape');
    await launcher('Ask us').waitFor();
    await page.locator('dm3-chat').evaluate(chat => (chat.label = undefined));
    await launcher('Open chat').waitFor();
  });

  test('who was signed in sees how much was unread before the application is there', async () => {
    const early = "localStorage.setItem('dm3-chat:signed-in', '1')";
    await open('<dm3-chat></dm3-chat>', { early });
    await called(['new', null]);
    await page.locator('dm3-chat').evaluate(chat => {
      chat.dispatchEvent(new CustomEvent('dm3-unread-change', { detail: { count: 3 } }));
    });
    const badge = page.locator('[part~="badge"]');
    await open('<dm3-chat></dm3-chat>', { early, broken: ['/dm3-chat-app.js'] });
    await badge.waitFor();
    assert.equal(await badge.innerText(), '3');
    assert.equal(await launcher('Open chat').getAttribute('aria-description'), '3');
    await open('<dm3-chat></dm3-chat>', { early: "localStorage.removeItem('dm3-chat:signed-in')", broken: ['/dm3-chat-app.js'] });
    await launcher('Open chat').waitFor();
    assert.equal(await badge.isVisible(), false);
    await page.evaluate(() => localStorage.clear());
  });

  test('how it stands is a property', async () => {
    const state = () => page.locator('dm3-chat').evaluate(chat => chat.state);
    await open('<dm3-chat open></dm3-chat>', { broken: ['/dm3-chat-app.js'] });
    await page.getByRole('alert').waitFor();
    assert.equal(await state(), 'failed');
    serve();
    await page.getByRole('button', { name: 'Try again' }).click();
    await called(['new', null]);
    assert.equal(await state(), 'signed-out');
    const after = await page.locator('dm3-chat').evaluate(chat => {
      const tell = (target, event) => {
        target.dispatchEvent(event);
        return [chat.state, chat.matches(':state(offline)')];
      };
      return [
        tell(chat, new CustomEvent('dm3-connect', { detail: { account: '0x1' } })),
        tell(chat.shadowRoot, new Event('offline')),
        tell(chat.shadowRoot, new Event('online')),
        tell(chat.shadowRoot, new Event('offline')),
        tell(chat, new CustomEvent('dm3-disconnect')),
      ];
    });
    assert.deepEqual(after, [['connected', false], ['offline', true], ['connected', false], ['offline', true], ['signed-out', false]]);
  });

  test('the files may be elsewhere', async () => {
    const fetched = [];
    page.on('request', request => fetched.push(new URL(request.url()).pathname));
    for (const base of ['/elsewhere', '/elsewhere/', 'elsewhere']) {
      fetched.length = 0;
      await open(`<dm3-chat lang="de" assets-base="${base}"></dm3-chat>`, { early: '' });
      await page.locator('[part~="launcher"]').hover();
      await called(['new', null]);
      await launcher('open in de').waitFor();
      await page.evaluate(() => globalThis.importNames());
      const own = fetched.filter(path => !['/', '/early.js', '/dm3-chat.js', '/favicon.ico'].includes(path));
      assert.deepEqual(own.filter(path => !path.startsWith('/elsewhere/dm3-chat')), [], base);
      assert.ok(own.length >= 5, own.join());
    }
    await open('<dm3-chat open assets-base="http://"></dm3-chat>');
    await called(['new', null]);
  });

  test('an element that is open in the page’s HTML speaks its language, and loads from where the page says', async () => {
    for (const attribute of ['open', 'mode="inline"']) {
      const fetched = [];
      page.on('request', request => fetched.push(new URL(request.url()).pathname));
      await open(`<dm3-chat ${attribute} lang="de" assets-base="/elsewhere/"></dm3-chat>`);
      await called(['new', null]);
      await page.waitForFunction(() => globalThis.spoken?.locale === 'de');
      assert.ok(fetched.includes('/elsewhere/dm3-chat_bg.wasm') && !fetched.includes('/dm3-chat_bg.wasm'), fetched.join());
    }
  });

  test('where the frame of the isolated mode is listened to no more, that is said, and it may be tried again', async () => {
    await open('<dm3-chat open></dm3-chat>');
    await called(['new', null]);
    await page.locator('dm3-chat').evaluate(chat => {
      chat.shadowRoot.dispatchEvent(new CustomEvent('lost', { detail: new Error('lost') }));
    });
    await called(['unmount']);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForFunction(() => globalThis.calls.filter(([name]) => name === 'new').length === 2);
  });

  test('on a phone the panel fills the screen', async () => {
    await page.setViewportSize({ width: 390, height: 700 });
    await open('<dm3-chat open></dm3-chat>');
    await page.waitForFunction(() => document.querySelector('dm3-chat').shadowRoot.getAnimations().length === 0);
    assert.deepEqual(await panel().boundingBox(), { x: 0, y: 0, width: 390, height: 700 });
  });

  test('elements share their styles, and none has a style attribute', async () => {
    await open('<dm3-chat open></dm3-chat><dm3-chat mode="inline"></dm3-chat>');
    await page.waitForFunction(() => globalThis.calls?.filter(([name]) => name === 'new').length === 2);
    const [shared, styled] = await page.evaluate(() => {
      const roots = [...document.querySelectorAll('dm3-chat')].map(chat => chat.shadowRoot);
      const [one, other] = roots.map(root => root.adoptedStyleSheets);
      return [one.length === 2 && one.every((sheet, i) => sheet === other[i]), roots.flatMap(root => [...root.querySelectorAll('[style]')]).length];
    });
    assert.deepEqual([shared, styled], [true, 0]);
  });

  test('nothing broke the policy or threw', () => assert.deepEqual(faults, []));
});
