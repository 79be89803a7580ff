// The short form of the tests of embedding: the package's files on static hosts, without a bundler, under the policies that
// `dm3-chat csp` prints. `npm run test:embed` has the bundlers and frameworks.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { PACKAGE, makePackage, openEmbedWorld, serveFolders } from './support.mjs';

const FILES = join(PACKAGE, 'dist');
const NONCE = 'dGVzdC1vbmx5';
/** What a site may forbid its scripts: all that has a name and could be asked for here. */
const NOTHING = [
  ...['autoplay', 'camera', 'clipboard-read', 'clipboard-write', 'display-capture', 'encrypted-media', 'fullscreen', 'geolocation'],
  ...['microphone', 'payment', 'publickey-credentials-create', 'publickey-credentials-get', 'storage-access', 'sync-xhr', 'web-share'],
].map((feature) => `${feature}=()`).join(', ');

/** What the command prints, as headers of a server. */
function printedHeaders(...words) {
  const printed = execFileSync(process.execPath, [join(PACKAGE, 'bin/dm3-chat.js'), 'csp', ...words], { encoding: 'utf8' });
  return Object.fromEntries(printed.trim().split('\n').map((line) => line.split(/: (.*)/, 2)));
}

const page = (node, script, { head = '' } = {}) => `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8" /><link rel="icon" href="data:," /><title>Shop</title>${head}${script}</head>
  <body><h1>A shop</h1><dm3-chat node="${node}"></dm3-chat></body>
</html>`;

describe('without a bundler', () => {
  let world;
  const servers = [];

  before(async () => {
    makePackage();
    world = await openEmbedWorld();
  });
  after(async () => {
    for (const server of servers) await server.close();
    await world?.close();
  });

  const serve = async (options) => {
    const server = await serveFolders(options);
    servers.push(server);
    return server;
  };

  test('from a sub-path of the own origin, as gateways of IPFS have, with the node as the only further host', async () => {
    const node = world.net.nodeUrl;
    const { url } = await serve({
      mounts: { '/ipfs/bafybeibwzif/chat/': FILES },
      pages: { '/deep/page.html': page(node, '<script type="module" src="/ipfs/bafybeibwzif/chat/dm3-chat.js"></script>') },
      headers: printedHeaders(node),
    });
    await world.chatWorks(`${url}/deep/page.html`, { name: 'plain' });
  });

  test('from a CDN that knows no type for WASM, with a nonce and strict-dynamic', async () => {
    const node = world.net.nodeUrl;
    const cdn = await serve({ mounts: { '/': FILES }, headers: { 'access-control-allow-origin': '*' }, types: false });
    const script = `<script type="module" nonce="${NONCE}" src="${cdn.url}/dm3-chat.js"></script>`;
    const headers = printedHeaders(node, '--cdn', cdn.url, '--nonce', NONCE, '--strict-dynamic');
    const { url } = await serve({ pages: { '/': page(node, script) }, headers });
    await world.chatWorks(url, { name: 'cdn' });
  });

  test('with the policy in the page itself, integrity and modulepreload', async () => {
    const node = world.net.nodeUrl;
    const { default: integrity } = await import(join(FILES, 'integrity.json'), { with: { type: 'json' } });
    const policy = printedHeaders(node)['Content-Security-Policy'];
    const preload = ['dm3-chat-app.js']
      .map((file) => `<link rel="modulepreload" href="/chat/${file}" integrity="${integrity[file]}" />`)
      .join('');
    const script = `<script type="module" src="/chat/dm3-chat.js" integrity="${integrity['dm3-chat.js']}"></script>`;
    const { url } = await serve({
      mounts: { '/chat/': FILES },
      pages: { '/': page(node, script, { head: `<meta http-equiv="Content-Security-Policy" content="${policy}" />${preload}` }) },
    });
    await world.chatWorks(url, { name: 'meta' });
  });

  test('in a page that is cross-origin isolated', async () => {
    const node = world.net.nodeUrl;
    const { url } = await serve({
      mounts: { '/chat/': FILES },
      pages: { '/': page(node, '<script type="module" src="/chat/dm3-chat.js"></script>') },
      headers: printedHeaders(node, '--isolated'),
    });
    const isIsolated = async (visitor) => assert.equal(await visitor.page.evaluate(() => crossOriginIsolated), true);
    await world.chatWorks(url, { name: 'isolated', check: isIsolated });
  });

  test('under a Permissions-Policy that allows nothing, where a text is copied all the same', async () => {
    const node = world.net.nodeUrl;
    const { url } = await serve({
      mounts: { '/chat/': FILES },
      pages: { '/': page(node, '<script type="module" src="/chat/dm3-chat.js"></script>') },
      headers: { ...printedHeaders(node), 'permissions-policy': NOTHING },
    });
    const copies = async (visitor) => {
      const allowed = await visitor.page.evaluate(() => document.featurePolicy.allowedFeatures());
      assert.deepEqual(['clipboard-write', 'clipboard-read', 'microphone', 'storage-access'].filter((it) => allowed.includes(it)), []);
      await visitor.log.locator('.entry', { hasText: 'Is it still for sale?' }).hover();
      await visitor.button('Message actions').click();
      await visitor.chat.getByRole('menuitem', { name: 'Copy text' }).click();
      await visitor.composer.press('Control+V');
      assert.equal(await visitor.composer.inputValue(), 'Is it still for sale?');
    };
    await world.chatWorks(url, { name: 'permissions', check: copies });
  });

  test('a policy that leaves the node out is a fault that these tests see', async () => {
    const node = world.net.nodeUrl;
    const policy = printedHeaders(node)['Content-Security-Policy'].replace(node.replace('http', 'ws'), '');
    const { url } = await serve({
      mounts: { '/chat/': FILES },
      pages: { '/': page(node, '<script type="module" src="/chat/dm3-chat.js"></script>') },
      headers: { 'content-security-policy': policy },
    });
    await assert.rejects(world.chatWorks(url), /connect-src blocked ws:/);
  });
});
