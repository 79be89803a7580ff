// The page's end of the isolated mode by itself: page and frame are played.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answered } from './failure.js';

/** The frame, and its end of the channel. */
let iframe;
let port;
/** What the frame was greeted with. */
let greeted;

class Iframe extends EventTarget {
  contentWindow = {
    postMessage: (greeting, origin, [own]) => {
      greeted = greeting;
      port = own;
      port.postMessage({ type: 'ready' });
    },
  };
  setAttribute() {}
  remove() {}
}

class Chat {
  static observedAttributes = [];
  isConnected = true;
  shadowRoot = new EventTarget();
  getAttribute = () => 'https://chat.example/frame.html';
  closest() {}
}

Object.assign(globalThis, {
  window: new EventTarget(),
  location: { origin: 'https://shop.example' },
  document: { baseURI: 'https://shop.example/', createElement: () => (iframe = new Iframe()) },
  getComputedStyle: () => ({ getPropertyValue: () => '' }),
  MutationObserver: class {
    constructor(changed) {
      this.changed = changed;
    }
    observe(node) {
      node.watched = this.changed;
    }
    disconnect() {}
  },
  CSSStyleSheet: class {
    replaceSync() {}
  },
});

const { isolate } = await import('./isolated/host.js');
const { Relay } = await import('./isolated/relay.js');
const { FrameWallets } = await import('./isolated/wallets.js');
const load = () => iframe.dispatchEvent(new Event('load'));

async function framed(chat = new Chat()) {
  const app = isolate(chat, { parentElement: new Chat(), replaceChildren() {} });
  load();
  const { ChatHandle } = await app;
  const handle = new ChatHandle();
  const code = ask => answered(ask).then(() => 'done', failed => failed.code);
  const ends = () => Promise.all([code((...ends) => handle.reset(...ends)), code((...ends) => handle.export_backup(...ends))]);
  return { handle, ends };
}

describe('what the frame is asked', () => {
  test('fails when the element is removed, or the frame no more listened to', async () => {
    const { handle, ends } = await framed();
    const asked = ends();
    handle.unmount();
    assert.deepEqual(await asked, ['load-failed', 'load-failed']);
  });

  test('fails when the frame is loaded anew, and can be asked again', async () => {
    const { handle, ends } = await framed();
    const asked = ends();
    load();
    assert.deepEqual(await asked, ['load-failed', 'load-failed']);
    port.onmessage = ({ data }) => data.type === 'call' && port.postMessage({ type: 'done', id: data.argument, file: new Blob() });
    assert.deepEqual(await ends(), ['done', 'done']);
    handle.unmount();
  });
});

describe('the wallets of the page', () => {
  const provider = answer => ({ request: answer });
  const announce = () => {
    const detail = { info: { uuid: 'a', name: 'A wallet' }, provider: provider(() => null) };
    window.dispatchEvent(Object.assign(new Event('eip6963:announceProvider'), { detail }));
  };

  test('are one alone where the page gave one early', async () => {
    window.addEventListener('eip6963:requestProvider', announce);
    const chat = new Chat();
    const { handle: without } = await framed(chat);
    assert.deepEqual(greeted.wallets.map(({ kind }) => kind), ['announced']);
    without.unmount();
    chat.provider = provider(() => null);
    const { handle } = await framed(chat);
    assert.deepEqual(greeted.wallets.map(({ kind }) => kind), ['page']);
    handle.unmount();
    window.removeEventListener('eip6963:requestProvider', announce);
  });

  test('are told for which chain a transaction is, and asked for none without', async () => {
    const asked = [];
    const told = [];
    const relay = new Relay(new EventTarget(), message => told.push(message));
    relay.givePageProvider(provider(async request => asked.push(request) && '0xab'));
    relay.allowPrompts();
    const [{ number }] = relay.list();
    const account = `0x${'01'.repeat(20)}`;
    const transaction = { from: account, to: account, value: '0x0', data: '0x' };
    const send = params => relay.hear({ type: 'ask', id: 1, number, method: 'eth_sendTransaction', params });
    await send([{ chainId: '0x7a69', ...transaction, gas: '0x1' }]);
    assert.deepEqual(asked, [{ method: 'eth_sendTransaction', params: [{ chainId: '0x7a69', ...transaction }] }]);
    await send([transaction]);
    assert.equal(asked.length, 1);
    assert.equal(told.at(-1).error.code, -32602);
    relay.end();
  });

  test('are not what refused a signature that the page has not let be asked for', async () => {
    let agrees = false;
    const refused = () => Promise.reject(Object.assign(new Error('no'), { code: 4001 }));
    const wallets = new FrameWallets(refused, async () => agrees);
    let wallet;
    wallets.onPage = given => (wallet = given);
    wallets.set([{ number: 1, kind: 'page' }]);
    wallets.act();
    for (agrees of [false, true]) {
      wallets.announceSign({ purpose: 'keys', text: 'a text' });
      await assert.rejects(wallet.request({ method: 'personal_sign', params: [] }), { code: 4001 });
      assert.equal(wallets.isForbidden, !agrees);
    }
  });
});

test('the frame of an element that is taken out of the page while it loads goes with it to where it is put back', async () => {
  const panel = new Chat();
  const bases = { old: [], now: [] };
  panel.contains = node => bases.now.includes(node);
  panel.querySelector = () => ({ append: node => bases.now.push(node) });
  const app = isolate(new Chat(), { parentElement: panel, replaceChildren: node => bases.old.push(node) });
  panel.watched();
  panel.watched();
  assert.deepEqual(bases.now, bases.old);
  load();
  const { ChatHandle } = await app;
  new ChatHandle().unmount();
});
