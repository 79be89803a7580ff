// The page's end of the isolated mode by itself: page and frame are played.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answered } from './failure.js';

/** The frame, and its end of the channel. */
let iframe;
let port;

class Iframe extends EventTarget {
  contentWindow = {
    postMessage: (greeting, origin, [own]) => {
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
    observe() {}
    disconnect() {}
  },
  CSSStyleSheet: class {
    replaceSync() {}
  },
});

const { isolate } = await import('./isolated/host.js');
const load = () => iframe.dispatchEvent(new Event('load'));

async function framed() {
  const app = isolate(new Chat(), { parentElement: new Chat(), replaceChildren() {} });
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
