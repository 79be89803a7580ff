// The isolated mode: the element in a page, its application in a frame of another origin. The page's wallet signs, the page hears
// of what happens, and reads nothing; neither end believes the other.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import puppeteer from 'puppeteer-core';
import { find } from '../e2e/browsers/find.mjs';
import { aliasOf } from '../e2e/client.mjs';
import { Person, until } from '../e2e/support.mjs';
import { ROOT } from '../setup/index.mjs';
import { PACKAGE, makePackage, openEmbedWorld, serveFolders } from './support.mjs';

const FILES = join(PACKAGE, 'dist');
/** Storage apart for each site that embeds the frame, as browsers have it: the tests' own default turns that off. */
const PARTITIONED = ['--disable-features=Translate'];
const FRAME = '/dm3-chat/dm3-chat-frame.html';

/** What `dm3-chat csp` prints, as headers of a server. */
function printedHeaders(...words) {
  const printed = execFileSync(process.execPath, [join(PACKAGE, 'bin/dm3-chat.js'), 'csp', ...words], { encoding: 'utf8' });
  return Object.fromEntries(printed.trim().split('\n').map((line) => line.split(/: (.*)/, 2)));
}

/** Somebody at a page whose chat is in a frame: the launcher is the page's, what is in the panel the frame's. */
class IsolatedPerson extends Person {
  get launcher() {
    return this.page.locator('dm3-chat').locator('[part~="launcher"]');
  }

  get host() {
    return this.page.locator('dm3-chat');
  }

  get frame() {
    return this.page.frames().find((frame) => frame.url().includes('dm3-chat-frame.html'));
  }

  get chat() {
    // Before the frame is there, the element itself is what is waited for.
    return this.isOpen ? this.page.frameLocator('iframe').locator('dm3-chat') : this.page.locator('dm3-chat');
  }

  async open() {
    await this.launcher.waitFor();
    if ((await this.launcher.getAttribute('aria-expanded')) !== 'true') await this.launcher.click();
    this.isOpen = true;
  }

  /** What the page's element has told it: `[name, detail]`. */
  told() {
    return this.page.evaluate(() => window.told);
  }
}

/** Runs in every page: the page, and nothing in frames, gets the wallet; what the element tells is written down. */
function inThePageAlone() {
  window.told = [];
  const names = ['show', 'hide', 'ready', 'connect', 'disconnect', 'message-sent', 'message-received', 'request', 'unread-change', 'error', 'before-sign'];
  for (const name of names) {
    document.addEventListener(`dm3-${name}`, (event) => {
      window.told.push([name, event.detail]);
      if (name === 'before-sign' && window.forbidsSigning) event.preventDefault();
    });
  }
}

/** Runs in every page: one whose scripts have the element's end of the channel. */
function keepTheChannel() {
  window.channels = [];
  window.OwnChannel = MessageChannel;
  window.MessageChannel = function () {
    const channel = new window.OwnChannel();
    window.channels.push(channel);
    return channel;
  };
}

/** Runs in every page, for the frame alone: one that asks what it likes. */
function beEvil() {
  if (window === top) return;
  const waiting = new Map();
  let asked = 0;
  window.ask = (question) =>
    new Promise((answered) => {
      asked += 1;
      waiting.set(asked, answered);
      window.port.postMessage({ ...question, id: asked });
    });
  addEventListener('message', ({ data, ports: [port] }) => {
    window.greeting = data;
    window.port = port;
    port.onmessage = ({ data: said }) => waiting.get(said.id)?.(said);
    port.postMessage({ type: 'ready' });
  });
}

describe('the isolated mode', () => {
  let world;
  let frames;
  let shop;
  let firefoxFrames;
  const firefoxPages = {};
  /** Pages of the frame's host, and what an operator writes who allows these origins. */
  const pages = {};
  const allowing = (origins) =>
    readFileSync(join(FILES, 'dm3-chat-frame.html'), 'utf8')
      .replace('embedders" content=""', `embedders" content="${origins}"`)
      .replaceAll('"./', '"/dm3-chat/');
  const servers = [];
  const closing = [];

  const serve = async (options, host) => {
    const server = await serveFolders(options);
    servers.push(server);
    return host ? { ...server, url: server.url.replace('127.0.0.1', host) } : server;
  };

  const page = (attributes, frame = `${frames.url}${FRAME}`) => `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8" /><meta name="viewport" content="width=device-width" /><title>Shop</title>
  <script type="module" src="/dm3-chat/dm3-chat.js"></script></head>
  <body><h1>A shop</h1><dm3-chat isolated="${frame}" ${attributes}></dm3-chat></body>
</html>`;

  before(async () => {
    makePackage();
    world = await openEmbedWorld({ browserArgs: PARTITIONED });
    const node = world.net.nodeUrl;
    firefoxFrames = await serve({ mounts: { '/dm3-chat/': FILES }, pages: firefoxPages }, 'localhost');
    // The shop's address has to stand in the frame's page, and the frame's in the shop's.
    const headers = {};
    frames = await serve({ mounts: { '/dm3-chat/': FILES }, pages, headers }, 'localhost');
    shop = await serve({
      mounts: { '/dm3-chat/': FILES },
      pages: {
        '/': page(`node="${node}"`),
        '/inline': page(`node="${node}" mode="inline" theme="dark" lang="de"`),
        '/pinned': page('node="https://elsewhere.example"', `${frames.url}/pinned.html`),
        '/stranger': page(`node="${node}"`, `${frames.url}/stranger.html`),
        '/same': page(`node="${node}"`, '/dm3-chat/dm3-chat-frame.html'),
        '/evil': page(`node="${node}"`, `${frames.url}/evil.html`),
      },
      headers: printedHeaders(node, '--frame', `${frames.url}${FRAME}`),
    });
    pages[FRAME] = allowing(`https://other.example ${shop.url}`);
    pages['/pinned.html'] = allowing(shop.url).replace('<dm3-chat>', `<dm3-chat node="${node}">`);
    pages['/stranger.html'] = allowing('https://other.example');
    pages['/evil.html'] = '<!doctype html><title>Evil</title><button>Nothing</button>';
    Object.assign(headers, printedHeaders(node, '--embedder', shop.url));
  });
  after(async () => {
    for (const close of closing) await close();
    for (const server of servers) await server.close();
    await world?.close();
  });

  const visitor = async (path = '/', { init, ...options } = {}) => {
    const inits = init ? [init] : [];
    const person = await world.visitor(`${shop.url}${path}`, { kind: IsolatedPerson, walletIn: 'page', inits: [inThePageAlone, ...inits], ...options });
    closing.push(() => person.context.close());
    return person;
  };

  test('a visitor signs in with the page’s wallet, writes and is answered; the page hears of it and reads nothing', async () => {
    const person = await visitor();
    await person.signUp();
    const allowed = await person.frame.evaluate(() => document.hasStorageAccess());
    assert.equal(allowed, false, 'as in a private window, cookies of third parties are blocked');
    const { address, client, token } = await world.receiver();
    await person.writeTo(address);
    await person.send('Is it still for sale?');
    await until('the message has arrived', async () => (await client.incoming(token)).length === 1);
    await client.tell(aliasOf(person.account.address), { text: 'Yes, it is – secretly' });
    await person.sees('Yes, it is – secretly');
    await person.screenshot('isolated');
    const told = await person.told();
    const names = told.map(([name]) => name);
    for (const name of ['show', 'before-sign', 'ready', 'connect', 'message-sent', 'message-received']) assert.ok(names.includes(name), name);
    assert.equal(told.find(([name]) => name === 'connect')[1].account.toLowerCase(), person.account.address.toLowerCase());
    assert.equal((await person.host.evaluate((chat) => chat.account)).toLowerCase(), person.account.address.toLowerCase());
    assert.doesNotMatch(JSON.stringify(told), /for sale|secretly/);
    assert.deepEqual(person.faults, []);

    // What the page's scripts can reach: an element without an application, no frame's document, no database, no keys.
    const reached = await person.page.evaluate(async () => {
      const iframe = document.querySelector('dm3-chat').shadowRoot.querySelector('iframe');
      let denied = iframe.contentDocument === null;
      try {
        void iframe.contentWindow.document;
        denied = false;
      } catch {
        // What it has to be.
      }
      const kept = [...Object.keys(localStorage), ...Object.keys(sessionStorage)].filter((name) => name.startsWith('dm3'));
      return { denied, kept, databases: (await indexedDB.databases()).map(({ name }) => name), text: document.querySelector('dm3-chat').shadowRoot.textContent };
    });
    assert.equal(reached.denied, true);
    assert.deepEqual([reached.kept, reached.databases], [[], []]);
    assert.doesNotMatch(reached.text, /for sale|secretly/);

    // Closed, the launcher says how much is unread; the button in the frame and Escape close it, and the focus comes back.
    await person.button('Close').click();
    await until('the panel is closed', async () => !(await person.host.evaluate((chat) => chat.open)));
    await client.tell(aliasOf(person.account.address), { text: 'Still there?' });
    await person.page.locator('dm3-chat [part~="badge"]', { hasText: '1' }).waitFor();
    assert.match(await person.launcher.getAttribute('aria-description'), /1 unread/);
    assert.equal(await person.host.evaluate((chat) => chat.unreadCount), 1);
    await person.launcher.press('Enter');
    await person.sees('Still there?');
    await person.page.keyboard.press('Escape');
    await until('Escape has closed it', async () => !(await person.host.evaluate((chat) => chat.open)));
    assert.equal(await person.page.evaluate(() => document.activeElement.localName), 'dm3-chat');

    // Who comes back is still signed in, and a button of the page opens a conversation with a draft.
    await person.page.reload();
    await person.open();
    await person.heading.waitFor();
    const other = await world.receiver();
    await person.host.evaluate((chat, to) => chat.openConversation(to, { draft: 'About the lamp' }), other.address);
    await person.composer.waitFor();
    await until('the draft is there', async () => (await person.composer.inputValue()) === 'About the lamp');
    await person.host.evaluate((chat) => chat.disconnect());
    await until('nobody is signed in', async () => (await person.told()).some(([name]) => name === 'disconnect'));
    assert.equal(await person.host.evaluate((chat) => chat.account), undefined);
    // What was kept goes, in the frame and in the page, and the page is told so then.
    const keptNames = () => Object.keys(localStorage).filter((name) => name.startsWith('dm3-chat:'));
    assert.notDeepEqual(await person.chat.evaluate(keptNames), []);
    await person.host.evaluate((chat) => chat.reset());
    assert.deepEqual([await person.chat.evaluate(keptNames), await person.page.evaluate(keptNames)], [[], []]);
    assert.deepEqual(person.faults, []);
  });

  test('in Firefox, a visitor signs in with the page’s wallet and writes', async () => {
    const { nodeUrl, rpcUrl, chainId, accounts } = world.net;
    // Without a policy: the development wallet asks the chain from the page.
    const host = await serve({ mounts: { '/dm3-chat/': FILES, '/www/': join(ROOT, 'www') }, pages: { '/': page(`node="${nodeUrl}"`, `${firefoxFrames.url}${FRAME}`) } });
    firefoxPages[FRAME] = allowing(host.url);
    const browser = await puppeteer.launch({ browser: 'firefox', executablePath: '/usr/bin/firefox-esr' });
    try {
      const tab = await browser.newPage();
      await tab.setViewport({ width: 1180, height: 800 });
      await tab.goto(host.url);
      const wallet = { rpcUrl, chainId, address: accounts[0].address };
      await tab.evaluate(async (settings) => {
        const { DevWallet, announce } = await import('/www/dev-wallet.js');
        announce((window.wallet = new DevWallet(settings)));
      }, wallet);
      const frame = () => tab.frames().find((it) => it.url().includes('dm3-chat-frame.html'));
      const use = (where, role, name, action) =>
        until(`a ${role} ${name}`, async () => {
          const element = (await where().evaluateHandle(find, { role, name })).asElement();
          if (!element) return false;
          await action(element);
          return true;
        });
      const press = (where, name) => use(where, 'button', name, (element) => element.click());
      await press(() => tab, 'Open chat');
      for (const name of ['Connect wallet', 'Create keys', 'Publish profile']) await press(frame, name);
      const { address, client, token } = await world.receiver();
      await use(frame, 'textbox', 'Search or enter a name', async (field) => {
        await field.type(address);
        await field.press('Enter');
      });
      await use(frame, 'textbox', `Message ${address.slice(0, 6)}…${address.slice(-4)}`, async (field) => {
        await field.type('From Firefox');
        await field.press('Enter');
      });
      await until('the message has arrived', async () => (await client.incoming(token)).length === 1);
      assert.ok((await tab.evaluate(() => window.wallet.prompts.length)) >= 3);
    } finally {
      await browser.close();
    }
  });

  test('inline it has the page’s look, language and texts, and follows them', async () => {
    const person = await visitor('/inline');
    person.isOpen = true;
    await person.button('Wallet verbinden').waitFor();
    assert.equal(await person.button('Schließen').count(), 0);
    const background = () => person.chat.locator('[part~="panel"]').evaluate((panel) => getComputedStyle(panel).backgroundColor);
    const dark = await background();
    await person.host.evaluate((chat) => {
      chat.theme = 'light';
      chat.lang = 'fr';
      chat.style.setProperty('--dm3-surface-2', 'rgb(240 225 210)');
      chat.style.setProperty('--dm3-bg', 'rgb(250 240 230)');
      chat.strings = { 'connect': 'Come in' };
    });
    await until('the look has changed', async () => (await background()) === 'rgb(250, 240, 230)');
    assert.notEqual(dark, 'rgb(250, 240, 230)');
    await person.chat.locator('[part~="panel"]:lang(fr)').waitFor();
    await person.screenshot('isolated-inline');
    // Frames that are moved begin anew.
    await person.page.evaluate(() => {
      const place = document.createElement('main');
      document.body.append(place);
      place.append(document.querySelector('dm3-chat'));
    });
    await person.chat.locator('[part~="panel"]:lang(fr)').waitFor();
    await until('the look is there again', async () => (await background()) === 'rgb(250, 240, 230)');
    assert.deepEqual(person.faults, []);
  });

  test('on a phone it is the whole screen', async () => {
    const person = await visitor('/');
    await person.page.setViewportSize({ width: 390, height: 844 });
    await person.open();
    await person.button('Connect wallet').waitFor();
    await person.page.waitForTimeout(300);
    assert.deepEqual(await person.page.locator('iframe').boundingBox(), { x: 0, y: 0, width: 390, height: 844 });
    await person.screenshot('isolated-phone');
    assert.deepEqual(person.faults, []);
  });

  test('a wallet that is in the frame signs there: the page sees no signature, and may forbid it', async () => {
    const person = await visitor('/', { walletIn: 'frame' });
    await person.page.evaluate(() => (window.forbidsSigning = true));
    await person.open();
    await person.button('Connect wallet').click();
    await person.button('Create keys').click();
    await person.alert.waitFor();
    const prompts = () => person.frame.evaluate(() => window.dm3ContractWallet.prompts.length);
    assert.equal(await prompts(), 0);
    await person.page.evaluate(() => (window.forbidsSigning = false));
    await person.button(/Try again|Create keys/).click();
    await person.button('Publish profile').click();
    await person.heading.waitFor();
    assert.ok((await prompts()) >= 2);
    assert.equal(await person.page.evaluate(() => window.dm3ContractWallet), undefined);
    assert.deepEqual(person.faults, []);
  });

  test('what the operator has set in the frame’s page, no page changes', async () => {
    const person = await visitor('/pinned');
    await person.signUp();
    assert.equal(await person.chat.getAttribute('node'), world.net.nodeUrl);
    await person.host.evaluate((chat) => (chat.node = 'https://worse.example'));
    await person.host.evaluate((chat) => (chat.theme = 'dark'));
    await until('the rest is followed', async () => (await person.chat.getAttribute('theme')) === 'dark');
    assert.equal(await person.chat.getAttribute('node'), world.net.nodeUrl);
    assert.deepEqual(person.faults, []);
  });

  test('who is official is asked of the site around the frame, and not of the frame’s', async () => {
    const node = world.net.nodeUrl;
    const file = '/.well-known/dm3-contact.json';
    const [sitePages, framePages, frameHeaders] = [{}, {}, {}];
    const frame = await serve({ mounts: { '/dm3-chat/': FILES }, pages: framePages, headers: frameHeaders }, 'localhost');
    const site = await serve({
      mounts: { '/dm3-chat/': FILES },
      pages: sitePages,
      headers: { ...printedHeaders(node, '--frame', `${frame.url}${FRAME}`), 'access-control-allow-origin': '*' },
    });
    framePages[FRAME] = allowing(site.url);
    framePages[file] = JSON.stringify({ contacts: ['shop.eth'] });
    sitePages['/'] = page(`node="${node}" to="shop.eth" official`, `${frame.url}${FRAME}`);
    sitePages[file] = JSON.stringify({ contacts: ['other.eth'] });
    Object.assign(frameHeaders, printedHeaders(node, '--embedder', site.url, '--host', site.url));
    await world.net.setText('shop.eth', world.net.accounts.find(({ label }) => label === 'shop').address, 'url', site.url);

    const person = await world.visitor(site.url, { kind: IsolatedPerson, walletIn: 'page' });
    closing.push(() => person.context.close());
    const badge = person.page.frameLocator('iframe').getByText(`Official contact of ${new URL(site.url).host}`);
    const asked = person.page.waitForResponse(`${site.url}${file}`);
    await person.open();
    for (const name of ['Connect wallet', 'Create keys', 'Publish profile']) await person.button(name).click();
    await person.composer.waitFor();
    await (await asked).finished();
    assert.equal(await badge.count(), 0);
    sitePages[file] = framePages[file];
    await person.page.reload();
    await person.open();
    await badge.waitFor();
    await person.screenshot('isolated-official');
    assert.deepEqual(person.faults, []);
  });

  test('a page that the frame does not list gets no chat, and it is said', async () => {
    const person = await visitor('/stranger');
    await person.open();
    await person.host.getByRole('button', { name: 'Try again' }).waitFor();
    const [, error] = (await person.told()).find(([name]) => name === 'error');
    assert.equal(error.code, 'load-failed');
    assert.match(error.message, /does not allow this page/);
    assert.equal(await person.page.locator('iframe').count(), 0);
    pages['/stranger.html'] = allowing(shop.url);
    await person.host.getByRole('button', { name: 'Try again' }).click();
    await person.button('Connect wallet').waitFor();
  });

  test('a page that is not among the frame-ancestors gets none either', async () => {
    const foreign = await serve({ mounts: { '/dm3-chat/': FILES }, pages: { '/': page(`node="${world.net.nodeUrl}"`) } });
    const person = await world.visitor(foreign.url, { kind: IsolatedPerson, inits: [inThePageAlone] });
    closing.push(() => person.context.close());
    await person.open();
    await person.host.getByRole('button', { name: 'Try again' }).waitFor();
    const [, error] = (await person.told()).find(([name]) => name === 'error');
    assert.match(error.message, /does not answer/);
  });

  test('a frame of the page’s own origin would isolate nothing, and is refused', async () => {
    const person = await visitor('/same');
    await person.open();
    await person.host.getByRole('button', { name: 'Try again' }).waitFor();
    const [, error] = (await person.told()).find(([name]) => name === 'error');
    assert.match(error.message, /another http\(s\) origin/);
  });

  test('a hostile page’s messages change nothing that is not its own', async () => {
    const person = await visitor('/', { init: keepTheChannel });
    await person.open();
    await person.button('Connect wallet').waitFor();
    const attributes = () => person.chat.evaluate((chat) => chat.getAttributeNames().sort());
    const before = await attributes();
    await person.page.evaluate(() => {
      const { port1 } = window.channels.at(-1);
      const attributes = { 'assets-base': 'https://evil.example', onclick: 'alert(1)', mode: 'launcher', isolated: 'x', theme: { toString: null } };
      const look = { '--dm3-bg': 'url(https://evil.example/a.png)', '--dm3-text': 'x'.repeat(1_000), background: 'red' };
      for (const data of [
        null,
        'text',
        { type: 'set', attributes, look, strings: { close: 'x'.repeat(5_000), toString: 1 } },
        { type: 'call', name: 'constructor', argument: 1 },
        { type: 'call', name: 'shadowRoot' },
        { type: 'call', name: 'importBackup', argument: 'no file' },
        { type: 'call', name: 'openConversation', argument: 'x'.repeat(100_000) },
        { type: 'told', number: 99, event: 'accountsChanged', value: ['0x'] },
        { type: 'told', number: 1, event: 'constructor', value: [] },
        { type: 'answer', id: 1_000, result: 'x' },
        { type: 'wallets', wallets: [null, { number: 'x' }, { number: 7, kind: 'announced', info: null }] },
        { type: 'wallets', wallets: 7 },
        { type: 'ask', id: 1, number: 1, method: 'personal_sign', params: [] },
      ]) {
        port1.postMessage(data);
      }
      // A second greeting, as another script of the page would send it.
      const { port1: mine, port2 } = new window.OwnChannel();
      window.heard = [];
      mine.onmessage = ({ data }) => window.heard.push(data);
      document.querySelector('dm3-chat').shadowRoot.querySelector('iframe').contentWindow.postMessage({ dm3Chat: 2 }, '*', [port2]);
    });
    // What is sent afterwards arrives afterwards.
    await person.host.evaluate((chat) => (chat.theme = 'dark'));
    await until('what is allowed arrives', async () => (await person.chat.getAttribute('theme')) === 'dark');
    assert.deepEqual((await attributes()).filter((name) => name !== 'theme'), before.filter((name) => name !== 'theme'));
    assert.equal(await person.chat.getAttribute('mode'), 'dialog');
    assert.equal(await person.chat.evaluate((chat) => chat.style.getPropertyValue('--dm3-bg') + chat.style.background), '');
    assert.deepEqual(await person.page.evaluate(() => window.heard), []);
    assert.deepEqual(person.faults, []);

    // Who floods the channel is not listened to any more.
    await person.page.evaluate(() => {
      for (let i = 0; i < 3_000; i += 1) window.channels.at(-1).port1.postMessage({ type: 'shown', shown: true });
    });
    await person.host.evaluate((chat) => (chat.theme = 'light'));
    await person.page.waitForTimeout(500);
    assert.equal(await person.chat.getAttribute('theme'), 'dark');
  });

  test('a hostile frame’s requests are refused', async () => {
    const person = await visitor('/evil', { init: beEvil });
    await person.launcher.click();
    const evil = () => person.page.frames().find((frame) => frame.url().endsWith('/evil.html'));
    await until('the frame has its channel', () => evil().evaluate(() => window.greeting?.wallets.length === 1));
    const account = person.account.address;
    const text = `0x${Buffer.from('Give me everything').toString('hex')}`;
    const ask = (method, params = [], number = 1) => evil().evaluate((question) => window.ask(question), { type: 'ask', number, method, params });
    const code = async (...question) => (await ask(...question)).error?.code;
    const prompts = () => person.signatures();

    for (const method of ['eth_sendRawTransaction', 'eth_signTypedData', 'eth_sign', 'wallet_addEthereumChain', 'constructor', '__proto__']) {
      assert.equal(await code(method, [{}]), 4200, method);
    }
    const transaction = { chainId: '0x1', from: account, to: account, value: '0x0', data: '0x' };
    const odd = { to: undefined, value: '1', data: '0x0', from: 'x', chainId: 1 };
    for (const [member, value] of Object.entries(odd)) {
      assert.equal(await code('eth_sendTransaction', [{ ...transaction, [member]: value }]), -32602, member);
    }
    assert.equal(await code('eth_signTypedData_v4', ['x', '{}']), -32602);
    assert.equal(await code('wallet_switchEthereumChain', [{ chainId: 1 }]), -32602);
    assert.equal(await code('eth_accounts', [], 99), 4900);
    for (const params of [[], [{ data: 'x' }, 'latest'], [{ data: '0x00' }, 'pending'], [{ data: '0x00', to: 'x' }, 'latest'], [{ data: `0x${'00'.repeat(300_000)}` }, 'latest']]) {
      assert.equal(await code('eth_call', params), -32602);
    }
    assert.equal(await code('personal_sign', [text, 'nobody']), -32602);
    assert.deepEqual((await ask('eth_accounts')).result, [account]);

    // Without anything a person did there is no window of the wallet, whatever the frame says. What a test evaluates counts
    // as something done, for five seconds: the frame asks later, by itself.
    await evil().evaluate(
      (questions) =>
        setTimeout(async () => {
          window.port.postMessage({ type: 'act' });
          await new Promise((done) => setTimeout(done, 1_000));
          window.codes = await Promise.all(questions.map(async (question) => (await window.ask(question)).error?.code));
        }, 6_500),
      [
        { type: 'ask', number: 1, method: 'eth_requestAccounts' },
        { type: 'ask', number: 1, method: 'personal_sign', params: [text, account] },
        { type: 'ask', number: 1, method: 'eth_signTypedData_v4', params: [account, '{}'] },
        { type: 'ask', number: 1, method: 'eth_sendTransaction', params: [transaction] },
        { type: 'ask', number: 1, method: 'wallet_switchEthereumChain', params: [{ chainId: '0x1' }] },
      ],
    );
    await person.page.waitForTimeout(9_000);
    assert.deepEqual(await evil().evaluate(() => window.codes), [4100, 4100, 4100, 4100, 4100]);

    // With it, the page is told what is to be signed first, and each text is signed once.
    await evil().locator('button').click();
    await evil().evaluate(() => window.port.postMessage({ type: 'act' }));
    await until('the act counts', async () => (await code('eth_requestAccounts')) === undefined);
    assert.equal(await code('personal_sign', [text, account]), 4100);
    const agree = () => evil().evaluate(() => window.ask({ type: 'agree', purpose: 'keys', text: 'Give me everything' }));
    await person.page.evaluate(() => (window.forbidsSigning = true));
    assert.equal((await agree()).result, false);
    assert.equal(await code('personal_sign', [text, account]), 4100);
    await person.page.evaluate(() => (window.forbidsSigning = false));
    assert.equal(await prompts(), 0);
    assert.equal((await agree()).result, true);
    assert.equal(await code('personal_sign', [text, account]), undefined);
    assert.equal(await code('personal_sign', [text, account]), 4100);
    assert.equal(await prompts(), 1);

    // Of a wallet that does not answer so many things are asked at the same time, and no more.
    await person.host.evaluate((chat) => (chat.provider = { request: () => new Promise(() => {}) }));
    const refused = await evil().evaluate(async () => {
      let count = 0;
      for (let i = 0; i < 20; i += 1) window.ask({ type: 'ask', number: 2, method: 'eth_accounts' }).then(({ error }) => (count += error.code === -32005));
      await new Promise((done) => setTimeout(done, 500));
      return count;
    });
    assert.equal(refused, 4);

    // Events have their shape and nothing beside it; the page's window stays where it is.
    const told = (await person.told()).length;
    await evil().evaluate(() => {
      const say = (name, detail) => window.port.postMessage({ type: 'event', name, detail, words: 'x'.repeat(10_000) });
      say('message-received', { peer: 'a.eth', id: '1', text: 'secret' });
      for (const [name, detail] of [['show', {}], ['before-sign', {}], ['constructor', {}], ['unread-change', { count: 'many' }], ['connect', { account: 'x'.repeat(5_000) }]]) say(name, detail);
      say('unread-change', { count: 3 });
    });
    await until('the last is told', async () => (await person.told()).at(-1)[0] === 'unread-change');
    assert.deepEqual((await person.told()).slice(told), [['message-received', { peer: 'a.eth', id: '1' }], ['unread-change', { count: 3 }]]);
    assert.equal(await person.launcher.getAttribute('aria-description'), '');
    await evil().evaluate(() => {
      try {
        top.location = 'https://evil.example/';
      } catch {
        // What it has to be.
      }
    });
    await person.page.waitForTimeout(300);
    assert.equal(person.page.url(), `${shop.url}/evil`);
  });

  test('many messages that come together are told one after the other, and the chat goes on', async () => {
    const person = await visitor('/');
    await person.open();
    await person.button('Connect wallet').waitFor();
    const [most, last] = [1_500, () => person.page.evaluate(() => window.told.filter(([name]) => name === 'message-received').at(-1)?.[1].id)];
    await person.chat.evaluate((chat, most) => {
      for (let id = 1; id <= most; id += 1) {
        chat.dispatchEvent(new CustomEvent('dm3-message-received', { detail: { peer: 'a.eth', id: String(id) } }));
        chat.dispatchEvent(new CustomEvent('dm3-unread-change', { detail: { count: id } }));
      }
    }, most);
    await until('the last is told', async () => (await last()) === String(most), 60_000);
    assert.equal((await person.told()).filter(([name]) => name === 'message-received').length, most);
    await until('and how many there are', () => person.host.evaluate((chat, most) => chat.unreadCount === most, most), 10_000);
    await person.host.evaluate((chat) => (chat.theme = 'dark'));
    await until('the page is listened to', async () => (await person.chat.getAttribute('theme')) === 'dark');
  });

  test('of a frame that floods the page it is said that it failed, and it may be tried again', async () => {
    const person = await visitor('/evil', { init: beEvil });
    await person.launcher.click();
    const evil = () => person.page.frames().find((frame) => frame.url().endsWith('/evil.html'));
    await until('the frame has its channel', () => evil().evaluate(() => window.greeting?.wallets.length === 1));
    await person.host.evaluate((chat) => {
      window.erased = chat.reset().then(() => 'done', ({ code }) => code);
    });
    await evil().evaluate(() => {
      for (let i = 0; i < 3_000; i += 1) window.port.postMessage({ type: 'online' });
    });
    assert.equal(await person.page.evaluate(() => window.erased), 'load-failed', 'what it was asked is answered');
    const again = person.host.getByRole('button', { name: 'Try again' });
    await again.waitFor();
    assert.equal(await person.host.evaluate((chat) => chat.state), 'failed');
    await again.click();
    await until('there is another', async () => (await evil()?.evaluate(() => window.greeting?.wallets.length === 1)) === true);
  });
});
