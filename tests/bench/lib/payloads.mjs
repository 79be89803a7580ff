// What other chats for web pages transfer: their own builds as npm has them, bundled and made small where they come as modules, with
// what has to be there before anybody can write.
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliCompress } from 'node:zlib';
import { FOLDER, bundled, install, packageFile } from './packages.mjs';

const compress = promisify(brotliCompress);
const script = (contents) => bundled({ stdin: { contents, resolveDir: FOLDER } });
const file = (name) => bundled({ entryPoints: [packageFile(name)] });

/** The first file of each is the script that a page imports. */
const OTHERS = [
  {
    name: '@xmtp/browser-sdk',
    what: 'client, its worker, WASM; no interface',
    files: {
      'sdk.js': () => script("export { Client } from '@xmtp/browser-sdk';"),
      'client.js': () => file('@xmtp/browser-sdk/dist/workers/client.js'),
      'bindings.wasm': () => readFile(packageFile('@xmtp/wasm-bindings/dist/bindings_wasm_bg.wasm')),
    },
  },
  {
    name: 'converse.js',
    what: 'script and styles; no fonts, languages, emoji',
    files: {
      'converse.js': () => readFile(packageFile('converse.js/dist/converse.min.js')),
      'converse.css': () => readFile(packageFile('converse.js/dist/converse.min.css')),
    },
  },
  {
    name: 'stream-chat-react',
    what: 'the quick start’s components, React, client, styles',
    files: {
      'chat.js': () =>
        script(`export { createElement } from 'react';
          export { createRoot } from 'react-dom/client';
          export { StreamChat } from 'stream-chat';
          export { Channel, ChannelHeader, ChannelList, Chat, MessageComposer, MessageList, Thread, Window } from 'stream-chat-react';`),
      'chat.css': () => file('stream-chat-react/dist/css/index.css'),
    },
  },
];

/** `[{ name, what, bytes, files: [{ path, compressed }] }]`: `bytes` in brotli, all files together. */
export async function makePayloads() {
  install();
  const payloads = [];
  for (const [i, { name, what, files }] of OTHERS.entries()) {
    const made = [];
    for (const [name, make] of Object.entries(files)) made.push({ path: `/others/${i}/${name}`, compressed: await compress(await make()) });
    const { version } = JSON.parse(await readFile(packageFile(`${name}/package.json`), 'utf8'));
    const bytes = made.reduce((sum, { compressed }) => sum + compressed.length, 0);
    payloads.push({ name: `${name} ${version}`, what, bytes, files: made });
    console.log(`${name} ${version}: ${made.map(({ path, compressed }) => `${path.split('/').at(-1)} ${compressed.length}`).join(', ')}`);
  }
  return payloads;
}
