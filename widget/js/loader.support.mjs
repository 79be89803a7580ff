// What the tests of the loader stand on: it by itself, in a browser under the strict policy, with an application that only writes
// down its calls.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { after, before, beforeEach } from 'node:test';
import * as esbuild from 'esbuild';
import { chromium } from 'playwright-core';
import { loaderWords } from '../build/texts.mjs';

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
  import { keepFocus } from './focus.js';
  import { starter } from './start.js';
  export { sheet } from './modules.js';
  export const BUILD = 'b1';
  export const start = (...given) => starter(async () => {}, ChatHandle)(...given);
  export const fit = (panel, mount) => keepFocus(mount);
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
      mount.addEventListener('keydown', () => calls.push(['key']));
    }
    free() { calls.push(['free']); }
    static provide_names(importNames) { globalThis.importNames = importNames; }
    static provide_parts(loadPart) { globalThis.loadPart = loadPart; }
    static provide_emoji() {}
    static speak(locale, texts) { globalThis.spoken = { locale, texts }; }
    unread_words(count) { return count + ' unread messages'; }
    reset(done, failed) {
      calls.push(['reset']);
      globalThis.erased = () => done();
      globalThis.hindered = () => failed('storage');
    }
    export_backup(made) { made(new Blob(['a backup'])); }
  }
  for (const name of ['attribute', 'set_provider', 'open_conversation', 'connect', 'disconnect', 'import_backup', 'shown', 'wide', 'unmount']) {
    ChatHandle.prototype[name] = (...values) => { calls.push([name, ...values.map(String)]); };
  }
`;

const text = name => readFileSync(fileURLToPath(new URL(`../../styles/${name}.css`, import.meta.url)), 'utf8');

const folder = fileURLToPath(new URL('.', import.meta.url));

/** The loader, or the application's own script. */
async function bundled(entry) {
  const { outputFiles } = await esbuild.build({
    ...entry,
    bundle: true,
    format: 'esm',
    write: false,
    external: ['./dm3-chat-app.js', './dm3-chat-names.js', './dm3-chat-isolated.js'],
    define: {
      LAUNCHER_CSS: JSON.stringify(text('tokens') + text('launcher')),
      BUILD: '"b1"',
      AFTER: JSON.stringify({ common: [], 'sign-in': ['common'], keys: ['sign-in'] }),
      TEXT: JSON.stringify(loaderWords()),
    },
  });
  return outputFiles[0].text;
}

/** As somebody is signed in, for `early`. */
export const SIGNED_IN = "localStorage.setItem('dm3-chat:signed-in', '1');";

/**
 * The loader for the tests of a file. `onPage` is given the page of each. `faults`: what broke the policy or threw.
 */
export function useLoader(onPage) {
  let server;
  let browser;
  let url;
  let page;
  let markup;
  const files = {};
  const faults = [];

  before(async () => {
    const loader = await bundled({ entryPoints: [`${folder}dm3-chat.js`] });
    const app = await bundled({ stdin: { contents: APP, resolveDir: folder } });
    server = createServer((request, response) => {
      const pathname = new URL(request.url, 'http://localhost').pathname.replace('/elsewhere/', '/');
      const send = (type, body) => response.writeHead(200, { 'content-type': type }).end(body);
      if (pathname === '/') {
        response.setHeader('content-security-policy', POLICY);
        return send('text/html', `<!doctype html><title>t</title>${markup}`);
      }
      if (pathname === '/early.js') return send('text/javascript', files.early ?? '');
      if (pathname === '/dm3-chat.js') return send('text/javascript', loader);
      if (files.broken?.includes(pathname)) return response.writeHead(503).end();
      if (pathname === '/dm3-chat-app.js') return send('text/javascript', app);
      if (pathname === '/dm3-chat-names.js') return send('text/javascript', 'export const normalise = name => ({ name });');
      if (files.gone?.includes(pathname)) return response.writeHead(404).end();
      const build = files.builds?.[pathname] ?? 'b1';
      const [, language] = pathname.match(/^\/dm3-chat-text-(\w+)\.json$/) ?? [];
      if (language) {
        const texts = { close: `close in ${language}`, 'loader.open': `open in ${language}` };
        return send('application/json', JSON.stringify({ build, dir: language === 'ar' ? 'rtl' : 'ltr', texts }));
      }
      if (pathname === '/dm3-chat_bg.wasm') return send('application/wasm', wasm(['build', build], ['styles', 'p{color:red}']));
      if (pathname === '/dm3-chat-sign-in.wasm') return send('application/wasm', wasm(['build', build], ['styles', 'p{top:1px}']));
      if (pathname === '/dm3-chat-common.wasm') return send('application/wasm', wasm(['build', build], ['styles', '']));
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
    onPage(page);
    page.setDefaultTimeout(5_000);
    page.on('pageerror', error => faults.push(error.message));
    page.on('console', message => {
      if (/security policy|trusted/i.test(message.text())) faults.push(message.text());
    });
  });

  /** With the application's own script by itself, as somebody is signed in; but for another script that runs `early`. */
  async function open(body, { early = SIGNED_IN, broken, gone, builds } = {}) {
    files.early = early;
    serve({ broken, gone, builds });
    markup = `<script src="/early.js"></script><script type="module" src="/dm3-chat.js"></script><body>${body}`;
    await page.goto(url);
  }
  /** From now on the server has these in place of what it should have. */
  const serve = ({ broken, gone, builds } = {}) => Object.assign(files, { broken, gone, builds });
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
  return { open, launcher, panel, calls, called, focused, serve, faults };
}
