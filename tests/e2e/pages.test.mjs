// The demo's own parts: the page server and the development wallet.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { request } from 'node:http';
import { chromium } from 'playwright-core';
import { verifyMessage } from 'ethers';
import { startLocalnet } from '../localnet/index.mjs';
import { servePages } from '../localnet/serve.mjs';

describe('the page server and the development wallet', () => {
  let net;
  let pages;
  let browser;
  let page;
  const faults = [];

  before(async () => {
    // No node and no element: what is tested here must not need them.
    net = { ...(await startLocalnet({ node: false })), nodeUrl: 'http://127.0.0.1:9' };
    pages = await servePages({ net });
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
    page = await browser.newPage();
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) faults.push(message.text());
    });
    await page.route('**/dist/dm3-chat.js', (route) =>
      route.fulfill({ contentType: 'text/javascript', body: 'export {};' }),
    );
    await page.goto(`${pages.url}/?as=alice&wallet=auto`);
    await page.getByRole('strong').filter({ hasText: 'alice.eth' }).first().waitFor();
  });
  after(async () => {
    await browser?.close();
    await pages?.close();
    await net?.stop();
  });

  /** The raw status of a path, unnormalised by any client. */
  const status = (path) =>
    new Promise((resolve, reject) => {
      request(`${pages.url}`, { path }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });

  const account = (label) => net.accounts.find((account) => account.label === label);

  /** A request to the announced wallet; an error comes back as `{code}`. */
  const ask = (method, params) =>
    page.evaluate(
      async ([method, params]) => {
        const provider = await new Promise((resolve) => {
          addEventListener('eip6963:announceProvider', ({ detail }) => resolve(detail.provider), { once: true });
          dispatchEvent(new Event('eip6963:requestProvider'));
        });
        return provider.request({ method, params }).catch(({ code }) => ({ code }));
      },
      [method, params],
    );

  test('the policy names the node, its socket and the chain, and nothing else', async () => {
    const response = await fetch(pages.url);
    assert.equal(
      response.headers.get('content-security-policy'),
      `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; ` +
        `connect-src 'self' http://127.0.0.1:9 ws://127.0.0.1:9 ${net.rpcUrl}; img-src 'self' data: blob:; media-src blob:; ` +
        `require-trusted-types-for 'script'; trusted-types 'none'`,
    );
  });

  test('the page of the isolated mode may embed the server’s other origin, and its frame says who may embed it', async () => {
    const policyAt = async (path) => (await fetch(`${pages.url}${path}`)).headers.get('content-security-policy');
    const origins = `http://127.0.0.1:${new URL(pages.url).port} http://localhost:${new URL(pages.url).port}`;
    assert.ok((await policyAt('/isolated.html')).endsWith(`; frame-src ${origins}`));
    assert.doesNotMatch(await policyAt('/inline.html'), /frame-/);
    const frame = await fetch(`${pages.url}/frame.html`);
    assert.ok(frame.headers.get('content-security-policy').endsWith(`; frame-ancestors ${origins}`));
    assert.ok((await frame.text()).includes(`name="dm3-chat-embedders" content="${origins}"`));
  });

  test('nothing outside the two folders is served', async () => {
    for (const path of [
      '/../package.json',
      '/%2e%2e/package.json',
      '/dist/../package.json',
      '/dist/..%2fpackage.json',
      '/..%5cpackage.json',
      '/dist/%00',
      '/%',
    ]) {
      assert.equal(await status(path), 404, path);
    }
    assert.equal(await status('/demo.css'), 200);
  });

  test('the description of the network has no private keys', async () => {
    const text = await (await fetch(`${pages.url}/localnet.json`)).text();
    for (const { address, privateKey } of net.accounts) {
      assert.ok(text.includes(address));
      assert.ok(!text.includes(privateKey.slice(2)));
    }
  });

  test('the wallet is announced, clearly marked', async () => {
    const info = await page.evaluate(
      () =>
        new Promise((resolve) => {
          addEventListener('eip6963:announceProvider', ({ detail }) => resolve(detail.info), { once: true });
          dispatchEvent(new Event('eip6963:requestProvider'));
        }),
    );
    assert.equal(info.name, 'Development wallet (local network only)');
    assert.equal(info.rdns, 'org.dm3.dev-wallet');
    assert.match(info.icon, /^data:image\/svg\+xml,/);
  });

  test('it is connected from the start, also after a reload', async () => {
    assert.deepEqual(await ask('eth_accounts'), [account('alice').address]);
    assert.deepEqual(await ask('eth_requestAccounts'), [account('alice').address]);
    await page.reload();
    await page.getByRole('strong').filter({ hasText: 'alice.eth' }).first().waitFor();
    assert.deepEqual(await ask('eth_accounts'), [account('alice').address]);
  });

  test('it signs the true bytes, given in hex or as text', async () => {
    const text = 'Grüße\n\nNonce: 0x123';
    const hex = `0x${Buffer.from(text).toString('hex')}`;
    for (const message of [hex, text]) {
      const signature = await ask('personal_sign', [message, account('alice').address]);
      assert.equal(verifyMessage(text, signature), account('alice').address);
    }
  });

  test('it tells the chain', async () => {
    assert.equal(await ask('eth_chainId'), '0x7a69');
  });

  test('it counts its prompts and refuses when told to', async () => {
    const prompts = () => page.evaluate(() => window.dm3DevWallet.prompts.map(({ method }) => method));
    const before = (await prompts()).length;
    await page.evaluate(() => window.dm3DevWallet.refuseNext());
    assert.deepEqual(await ask('personal_sign', ['no', account('alice').address]), { code: 4001 });
    assert.equal(typeof (await ask('personal_sign', ['yes', account('alice').address])), 'string');
    assert.deepEqual((await prompts()).slice(before), ['personal_sign', 'personal_sign']);
  });

  test('it signs for nobody but the connected account', async () => {
    assert.deepEqual(await ask('personal_sign', ['hello', account('bob').address]), { code: -32602 });
  });

  test('choosing another account makes the window that person', async () => {
    await page.getByLabel('Account').selectOption('bob');
    await page.waitForURL(/as=bob/);
    await page.getByRole('strong').filter({ hasText: 'bob.eth' }).first().waitFor();
    assert.deepEqual(await ask('eth_accounts'), [account('bob').address]);
  });

  test('by default a person sees what is signed and decides', async () => {
    await page.goto(`${pages.url}/?as=alice`);
    const signed = ask('personal_sign', ['the exact text', account('alice').address]);
    const dialog = page.getByRole('dialog');
    await dialog.getByText('the exact text').waitFor();
    await dialog.getByRole('button', { name: 'Refuse' }).click();
    assert.deepEqual(await signed, { code: 4001 });
  });

  test('the pages keep to their policy', async () => {
    for (const path of ['/', '/inline.html', '/shop.html', '/contact.html']) {
      await page.goto(`${pages.url}${path}`);
      await page.waitForLoadState('networkidle');
    }
    assert.deepEqual(faults, []);
  });
});
