// The element's parts: what is loaded when it is used, from wherever it is served, and what a person reads when it
// can't be loaded.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { contentSecurityPolicy } from '../localnet/serve.mjs';
import { useWorld } from './support.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PART = 'dm3-chat-sign-in.wasm';
const PART_REQUESTS = `**/${PART}*`;

/** Takes note of the parts a page asks for. */
function partsAskedFor(person) {
  const asked = [];
  person.context.on('request', (request) => {
    if (request.url().includes(PART)) asked.push(request.url());
  });
  return asked;
}

/** The part as another build would have made it. */
async function otherVersion() {
  const wasm = await readFile(join(ROOT, 'dist', PART));
  const at = wasm.lastIndexOf('\x05build');
  assert.ok(at > 0, 'the part names its build');
  wasm.write('00000000', at + 6);
  return wasm;
}

describe('parts', () => {
  const world = useWorld({ before, after });
  /** Somebody whose next visit meets this when the sign-in is asked for. */
  const visitor = async (label, answer) => {
    const person = await world().person(label);
    await person.context.route(PART_REQUESTS, answer);
    await person.page.reload();
    await person.open();
    return person;
  };

  test('who comes back never loads the sign-in', async () => {
    const alice = await world().person('alice');
    await alice.signUp();
    const asked = partsAskedFor(alice);
    await alice.reload();
    assert.deepEqual(asked, []);
  });

  test('a part that can’t be fetched is said; trying again works', async () => {
    const bob = await visitor('bob', (route) => route.abort());
    await bob.alert.getByText('could not be loaded').waitFor();
    await bob.button('Try again').click();
    await bob.alert.getByText('could not be loaded').waitFor();
    await bob.context.unroute(PART_REQUESTS);
    await bob.button('Try again').click();
    await bob.button('Connect wallet').waitFor();
    await bob.signUp();
  });

  test('a part that is gone asks for a reload', async () => {
    const carol = await visitor('carol', (route) => route.fulfill({ status: 404 }));
    await carol.alert.getByText('newer version').waitFor();
    await carol.context.unroute(PART_REQUESTS);
    await carol.button('Reload').click();
    await carol.launcher.waitFor();
    await carol.open();
    await carol.button('Connect wallet').waitFor();
  });

  test('a part of another version is never linked and asks for a reload', async () => {
    const body = await otherVersion();
    const carol = await visitor('carol', (route) => route.fulfill({ body, contentType: 'application/wasm' }));
    await carol.alert.getByText('newer version').waitFor();
    await carol.button('Reload').waitFor();
  });

  test('a page instead of the file asks for a reload', async () => {
    const carol = await visitor('carol', (route) => route.fulfill({ body: '<!doctype html>', contentType: 'text/html' }));
    await carol.alert.getByText('newer version').waitFor();
  });

  test('while a part is on its way a skeleton stands there', async () => {
    let answer;
    const waits = new Promise((resolve) => (answer = resolve));
    const carol = await visitor('carol', async (route) => {
      await waits;
      await route.continue();
    });
    await carol.chat.getByRole('status', { name: 'Loading', exact: true }).waitFor();
    answer();
    await carol.button('Connect wallet').waitFor();
  });

  test('who is signed in goes on without the part, and is told when signing out needs it', async () => {
    const dave = await world().person('dave');
    await dave.signUp();
    await dave.context.route(PART_REQUESTS, (route) => route.fulfill({ status: 503 }));
    await dave.reload();
    await dave.writeTo('bob.eth');
    await dave.send('without the sign-in');
    await dave.back();
    await dave.button('Account').click();
    await dave.button('Sign out').click();
    await dave.button('Sign out and delete them').click();
    await dave.alert.getByText('could not be loaded').waitFor();
    await dave.context.unroute(PART_REQUESTS);
    await dave.button('Try again').click();
    await dave.button('Connect wallet').waitFor();
  });

  test('who comes back sees the list and the last lines while the rest can’t be fetched, and goes on when it can', async () => {
    const carol = await world().person('carol');
    await carol.signUp();
    await carol.writeTo('bob.eth');
    await carol.send('before the parts were gone');
    const requests = '**/dm3-chat-{chat,sync}*.wasm*';
    await carol.context.route(requests, (route) => route.abort());
    await carol.reload();
    await carol.chat.getByText('before the parts were gone').waitFor();
    await carol.alert.getByText('could not be loaded').waitFor();
    await carol.context.unroute(requests);
    await carol.button('Retry').click();
    await carol.openRow(/bob/);
    await carol.send('and after');
    await carol.alert.waitFor({ state: 'detached' });

    // One of another version is told with a way to reload.
    await carol.context.route('**/dm3-chat-chat.wasm*', (route) => route.fulfill({ status: 404 }));
    await carol.reload();
    await carol.alert.getByText('newer version').waitFor();
    await carol.context.unroute('**/dm3-chat-chat.wasm*');
    await carol.button('Reload').click();
    await carol.launcher.waitFor();
    await carol.resume();
    await carol.openRow(/bob/);
    await carol.sees('and after');
  });

  test('a request whose part can’t be fetched says so in the place of what is asked, until it can be', async () => {
    const bob = await world().person('bob');
    await bob.signIn();
    const requests = '**/dm3-chat-share.wasm*';
    await bob.context.route(requests, (route) => route.abort());
    await bob.findRow(/0x/);
    await bob.alert.getByText('could not be loaded').waitFor();
    assert.equal(await bob.composer.count(), 0);
    await bob.context.unroute(requests);
    await bob.button('Try again').click();
    await bob.button('Accept').waitFor();
    await bob.alert.waitFor({ state: 'detached' });

    // One of another version is told with a way to reload.
    await bob.context.route(requests, (route) => route.fulfill({ status: 404 }));
    await bob.reload();
    await bob.findRow(/0x/);
    await bob.alert.getByText('newer version').waitFor();
    await bob.context.unroute(requests);
    await bob.button('Reload').click();
    await bob.launcher.waitFor();
    await bob.resume();
    await bob.openRow(/0x/);
  });

  test('what can be done with messages, and emoji, are said where they can’t be fetched, and can be left and asked for again', async () => {
    const carol = await world().person('carol');
    await carol.signIn();
    const talk = '**/dm3-chat-talk.wasm*';
    const emoji = '**/dm3-chat-emoji.wasm*';
    await carol.context.route(talk, (route) => route.abort());
    await carol.openRow(/bob/);
    await carol.alert.getByText('could not be loaded').waitFor();
    await carol.context.unroute(talk);
    await carol.button('Retry').click();
    await carol.alert.waitFor({ state: 'detached' });

    await carol.context.route(emoji, (route) => route.abort());
    const choice = carol.chat.getByRole('dialog', { name: 'Emoji', exact: true });
    for (const leave of [() => carol.page.keyboard.press('Escape'), () => choice.getByRole('button', { name: 'Close' }).click()]) {
      await carol.button('Emoji').click();
      await choice.getByText('could not be loaded').waitFor();
      await leave();
      await choice.waitFor({ state: 'detached' });
      assert.ok(await carol.composer.isVisible(), 'the chat is still open');
    }
    await carol.button('Emoji').click();
    await carol.context.unroute(emoji);
    await choice.getByRole('button', { name: 'Try again' }).click();
    await carol.chat.getByRole('searchbox').waitFor();
  });

  test('no page broke its policy', () => world().assertNoFaults());
});

describe('from another origin, in a folder of it', () => {
  const world = useWorld({ before, after });
  const servers = [];
  const serve = async (answer) => {
    const server = createServer(answer);
    await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
    servers.push(server);
    return `http://127.0.0.1:${server.address().port}`;
  };
  after(() => servers.forEach((server) => (server.closeAllConnections(), server.close())));

  test('the element signs up under a strict policy with Trusted Types', async () => {
    const { net } = world();
    const types = { js: 'text/javascript', wasm: 'application/wasm' };
    const cdn = await serve(async ({ url }, response) => {
      const file = /^\/libs\/chat\/([\w-]+\.(js|wasm))$/.exec(url.split('?')[0]);
      const body = file && (await readFile(join(ROOT, 'dist', file[1])).catch(() => null));
      response.writeHead(body ? 200 : 404, { 'access-control-allow-origin': '*', 'content-type': types[file?.[2]] ?? 'text/plain' });
      response.end(body);
    });
    const policy = contentSecurityPolicy(net)
      .replace("script-src 'self'", `script-src 'self' ${cdn}`)
      .replace("connect-src 'self'", `connect-src 'self' ${cdn}`);
    const { rpcUrl, chainId, nodeUrl } = net;
    const { address } = world().account('dave');
    const files = {
      '/deep/in/the/page': [
        'text/html',
        `<!doctype html><meta charset="utf-8"><title>shop</title><script type="module" src="/page.js"></script>
         <script type="module" src="${cdn}/libs/chat/dm3-chat.js"></script><dm3-chat node="${nodeUrl}"></dm3-chat>`,
      ],
      '/page.js': [
        'text/javascript',
        `import { DevWallet, announce } from '/dev-wallet.js';
         announce(new DevWallet(${JSON.stringify({ rpcUrl, chainId, address })}));`,
      ],
      '/dev-wallet.js': ['text/javascript', await readFile(join(ROOT, 'www/dev-wallet.js'))],
    };
    const shop = await serve(({ url }, response) => {
      const [type, body] = files[url] ?? ['text/plain', ''];
      response.setHeader('content-security-policy', `${policy}; require-trusted-types-for 'script'`);
      response.writeHead(url in files ? 200 : 404, { 'content-type': type }).end(body);
    });
    const page = await world().browser.newPage();
    const faults = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (/security policy|trusted type/i.test(message.text())) faults.push(message.text());
    });
    await page.goto(`${shop}/deep/in/the/page`);
    for (const name of ['Open chat', 'Connect wallet', 'Create keys', 'Publish profile']) {
      await page.getByRole('button', { name, exact: true }).click();
    }
    await page.getByRole('heading', { name: 'Messages', exact: true }).waitFor();
    assert.deepEqual(faults, []);
    await page.close();
  });
});
