// The loader by itself, in a browser under the strict policy, with an application that only writes down its calls.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { after, before, beforeEach, describe, test } from 'node:test';
import * as esbuild from 'esbuild';
import { chromium } from 'playwright-core';

const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
  "require-trusted-types-for 'script'";

/** A module of WASM with nothing but texts in custom sections: [name, text]. */
function wasm(...sections) {
  const counted = text => [Buffer.byteLength(text), ...Buffer.from(text)];
  const parts = sections.map(([name, text]) => [...counted(name), ...Buffer.from(text)]);
  return Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...parts.flatMap(part => [0, part.length, ...part])]);
}

const APP = `
  export default async () => {};
  export const BUILD = 'b1';
  export function provideModules(load) { globalThis.loadPart = load; }
  globalThis.calls = [];
  export class ChatHandle {
    constructor(host, mount) {
      this.mount = mount;
      calls.push(['new', host.getAttribute('to')]);
      const field = document.createElement('input');
      field.setAttribute('data-autofocus', '');
      const close = document.createElement('button');
      close.setAttribute('data-close', '');
      close.textContent = 'Close';
      mount.append(field, close);
    }
    free() { calls.push(['free']); }
    static provide_names(load) { globalThis.importNames = load; }
    static provide_parts() {}
  }
  for (const name of ['attribute', 'set_provider', 'open_conversation', 'connect', 'disconnect', 'reset', 'shown', 'unmount']) {
    ChatHandle.prototype[name] = (...values) => { calls.push([name, ...values.map(String)]); };
  }
`;

const text = name => readFileSync(fileURLToPath(new URL(`../../styles/${name}.css`, import.meta.url)), 'utf8');

/** What each part consists of, as the build writes it. */
const PARTS = { 'sign-in': ['sign-in'], keys: ['sign-in', 'keys'] };

async function bundleLoader() {
  const { outputFiles } = await esbuild.build({
    entryPoints: [fileURLToPath(new URL('dm3-chat.js', import.meta.url))],
    bundle: true,
    format: 'esm',
    write: false,
    external: ['./dm3-chat-app.js', './dm3-chat-names.js'],
    define: { LAUNCHER_CSS: JSON.stringify(text('tokens') + text('launcher')), BUILD: '"b1"', PARTS: JSON.stringify(PARTS) },
  });
  return outputFiles[0].text;
}

describe('the loader', () => {
  let server;
  let browser;
  let url;
  let page;
  let files;
  let markup;
  const faults = [];

  before(async () => {
    const loader = await bundleLoader();
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url, 'http://localhost');
      const send = (type, body) => response.writeHead(200, { 'content-type': type }).end(body);
      if (pathname === '/') {
        response.setHeader('content-security-policy', POLICY);
        return send('text/html', `<!doctype html><title>t</title>${markup}`);
      }
      if (pathname === '/early.js') return send('text/javascript', files.early ?? '');
      if (pathname === '/dm3-chat.js') return send('text/javascript', loader);
      if (files.broken?.includes(pathname)) return response.writeHead(503).end();
      if (pathname === '/dm3-chat-app.js') return send('text/javascript', APP);
      if (pathname === '/dm3-chat-names.js') return send('text/javascript', 'export const normalise = name => ({ name });');
      if (files.gone?.includes(pathname)) return response.writeHead(404).end();
      const build = files.builds?.[pathname] ?? 'b1';
      if (pathname === '/dm3-chat_bg.wasm') return send('application/wasm', wasm(['build', build], ['styles', 'p{color:red}']));
      if (pathname === '/dm3-chat-sign-in.wasm') return send('application/wasm', wasm(['build', build], ['styles', 'p{top:1px}']));
      if (pathname === '/dm3-chat-keys.wasm') return send('application/wasm', wasm(['build', build], ['styles', '']));
      return response.writeHead(404).end();
    });
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${server.address().port}/`;
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  });
  after(async () => {
    await browser?.close();
    server?.close();
  });
  beforeEach(async () => {
    await page?.close();
    page = await browser.newPage();
    page.setDefaultTimeout(5_000);
    page.on('pageerror', error => faults.push(error.message));
    page.on('console', message => {
      if (/security policy|trusted/i.test(message.text())) faults.push(message.text());
    });
  });

  async function open(body, { early, broken, gone, builds } = {}) {
    files = { early, broken, gone, builds };
    markup = `<script src="/early.js"></script><script type="module" src="/dm3-chat.js"></script><body>${body}`;
    await page.goto(url);
  }
  const launcher = name => page.getByRole('button', { name, exact: true });
  const panel = () => page.locator('[part~="panel"]');
  const calls = () => page.evaluate(() => globalThis.calls ?? []);
  const called = async call =>
    page.waitForFunction(call => (globalThis.calls ?? []).some(one => JSON.stringify(one) === call), JSON.stringify(call));
  const focused = () =>
    page.evaluate(() => {
      let element = document.activeElement;
      while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      return element.getAttribute('part') ?? element.localName;
    });

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
    files.broken = [];
    assert.equal(await ask(), '☕.eth');
  });

  test('any [data-close] inside the panel closes it', async () => {
    await open('<dm3-chat open></dm3-chat>');
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    assert.equal(await page.locator('dm3-chat').getAttribute('open'), null);
  });

  test('it is loaded when the page is idle, so that the badge can appear', async () => {
    await open('<dm3-chat></dm3-chat>');
    await called(['new', null]);
    await page.locator('dm3-chat').evaluate(chat => {
      chat.dispatchEvent(new CustomEvent('dm3-unread-change', { detail: { count: 3 } }));
    });
    assert.equal(await page.locator('[part~="badge"]').innerText(), '3');
    assert.equal(await launcher('Open chat').getAttribute('aria-description'), '3 unread messages');
    assert.equal(await page.locator('dm3-chat').evaluate(chat => chat.matches(':state(unread)')), true);
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
      files.broken = [];
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
      files = {};
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
    await open('<dm3-chat open></dm3-chat>', { early: 'localStorage.clear()' });
    await called(['new', null]);
    assert.ok(fetched.includes('/dm3-chat-sign-in.wasm'));
  });

  for (const file of ['/dm3-chat-sign-in.wasm', '/dm3-chat-keys.wasm']) {
    test(`a part of which ${file} failed to load is fetched again when it is asked for again`, async () => {
      await open('<dm3-chat open></dm3-chat>', { broken: [file] });
      await called(['new', null]);
      const load = () =>
        page.evaluate(() => globalThis.loadPart('keys').then(modules => `${modules.length} loaded`, error => error.name));
      assert.equal(await load(), 'Error');
      files = { gone: [file] };
      assert.equal(await load(), 'OtherVersion');
      files = { builds: { [file]: 'b2' } };
      assert.equal(await load(), 'OtherVersion');
      files = {};
      assert.equal(await load(), '2 loaded');
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

  test('a button of the page opens its conversation, and gets the focus back', async () => {
    await open('<button id="seller" data-dm3-to="bob.eth" data-dm3-draft="Hi">Message seller</button><dm3-chat></dm3-chat>');
    await page.getByRole('button', { name: 'Message seller' }).click();
    await called(['open_conversation', 'bob.eth']);
    assert.equal(await page.locator('dm3-chat').getAttribute('draft'), 'Hi');
    await page.locator('[data-autofocus]').focus();
    await page.keyboard.press('Escape');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'seller');
  });

  test('commands that were queued before the element existed are carried out', async () => {
    await open('<dm3-chat></dm3-chat>', { early: "(window.dm3Chat ||= []).push(['open', { to: 'alice.eth' }]);" });
    await called(['open_conversation', 'alice.eth']);
    await page.evaluate(() => window.dm3Chat.push(['hide']));
    assert.equal(await panel().isVisible(), false);
    await page.evaluate(() => window.dm3Chat.push(['reset'], ['constructor'], 'nonsense'));
    await called(['reset']);
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

  test('connect() opens the panel and starts signing in with the given wallet', async () => {
    await open('<dm3-chat></dm3-chat>');
    await page.locator('dm3-chat').evaluate(chat => chat.connect({ request() {} }));
    const names = (await calls()).map(([name]) => name);
    assert.ok(names.indexOf('set_provider') < names.indexOf('connect'));
    assert.equal(await panel().isVisible(), true);
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
