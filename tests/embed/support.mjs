// What the tests of embedding stand on: the package as npm installs it, static hosts that know nothing of it, and visitors with
// a wallet of their own who sign in and write.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize, sep } from 'node:path';
import { chromium } from 'playwright-core';
import { Wallet, getBytes } from 'ethers';
import { Dm3Client } from '../e2e/client.mjs';
import { BROWSER_ARGS, OUTPUT, Person, announceContractWallet, until } from '../e2e/support.mjs';
import { startLocalnet } from '../localnet/index.mjs';
import { ROOT } from '../setup/index.mjs';

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};

/** The folder of the package, written from dist/: one for each test file, since these run beside each other. */
export const PACKAGE = mkdtempSync(join(tmpdir(), 'dm3-package-'));
process.on('exit', () => rmSync(PACKAGE, { recursive: true, force: true }));

/** Writes the package; with `tarball`, as the file that npm would publish. */
export function makePackage({ tarball } = {}) {
  execFileSync(process.execPath, ['widget/package.mjs', '--into', PACKAGE], { cwd: ROOT });
  if (!tarball) return PACKAGE;
  const packed = execFileSync('npm', ['pack', '--json', '--offline', '--pack-destination', tarball], { cwd: PACKAGE });
  return join(tarball, JSON.parse(packed)[0].filename);
}

/** A folder that is gone when the process ends its use of it. */
export const temporaryFolder = () => mkdtemp(join(tmpdir(), 'dm3-embed-'));

/**
 * A static host. `mounts` has a folder for each path prefix, `pages` the HTML of some paths, `headers` what is sent with
 * everything; with `types: false` it knows no media type for WASM, as many hosts do.
 */
export async function serveFolders({ mounts = {}, pages = {}, headers = {}, types = true }) {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(request.url.split('?', 1)[0]);
    const send = (status, type, body) => response.writeHead(status, { ...headers, 'content-type': type }).end(body);
    if (Object.hasOwn(pages, path)) return send(200, TYPES['.html'], pages[path]);
    for (const [prefix, folder] of Object.entries(mounts)) {
      if (!path.startsWith(prefix)) continue;
      const rest = path.slice(prefix.length);
      const file = normalize(join(folder, !rest || rest.endsWith('/') ? `${rest}index.html` : rest));
      if (!file.startsWith(folder + sep)) break;
      const found = await stat(file).catch(() => null);
      if (!found?.isFile()) continue;
      const ending = extname(file);
      const type = (types || ending !== '.wasm') && TYPES[ending];
      response.writeHead(200, { ...headers, 'content-type': type || 'application/octet-stream' });
      return createReadStream(file).pipe(response);
    }
    return send(404, 'text/plain', 'Not found');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Somebody whose chat is in a frame of the page. */
class FramedPerson extends Person {
  get chat() {
    return this.page.frameLocator('iframe').locator('dm3-chat');
  }
}

/**
 * A local network whose node answers for the chain, too – a page needs no other host –, a browser, started with `browserArgs`, and
 * somebody to write to.
 */
export async function openEmbedWorld({ browserArgs = [] } = {}) {
  await mkdir(OUTPUT, { recursive: true });
  const net = await startLocalnet({ settings: { public_rpc_url: '' } });
  const closing = [() => net.stop()];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: [...BROWSER_ARGS, ...browserArgs] });
    closing.push(() => browser.close());

    /**
     * Somebody new at this address, with an announced wallet: in every frame, or in the `page` or its `frame` alone. `kind` is
     * their class, `inits` are functions that run first in each of their pages and frames.
     */
    const visitor = async (url, { framed = false, kind = framed ? FramedPerson : Person, walletIn = 'both', inits = [] } = {}) => {
      const wallet = Wallet.createRandom();
      const context = await browser.newContext({ viewport: { width: 1180, height: 800 } });
      const person = new kind({ net }, context, 'visitor', url);
      person.account = { label: 'visitor', address: wallet.address };
      await context.exposeFunction('dm3SignForContract', (message) => wallet.signMessage(getBytes(message)));
      await context.exposeFunction('dm3ReportViolation', (violation) => person.faults.push(violation));
      await context.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) => {
          window.dm3ReportViolation(`policy: ${violatedDirective} blocked ${blockedURI} (${sourceFile})`);
        });
      });
      await context.addInitScript(announceContractWallet, { address: wallet.address, chainId: net.chainId, walletIn });
      for (const init of inits) await context.addInitScript(init);
      await person.arrive();
      return person;
    };

    /** Somebody who has signed up elsewhere. */
    const receiver = async () => {
      const { address, privateKey } = Wallet.createRandom();
      const client = new Dm3Client(net, { address, privateKey });
      await client.signUp();
      return { address, client, token: await client.logIn() };
    };

    /**
     * A visitor signs in at this page and writes; the message arrives, and the page's policy was kept. `inits` run first in its
     * pages, `check` may look further.
     */
    const chatWorks = async (url, { framed, name, faults = [], inits, check } = {}) => {
      const visiting = await visitor(url, { framed, inits });
      try {
        await visiting.signUp();
        const { address, client, token } = await receiver();
        await visiting.writeTo(address);
        await visiting.send('Is it still for sale?');
        await until('the message has arrived', async () => (await client.incoming(token)).length === 1);
        if (name) await visiting.screenshot(`embed-${name}`);
        await check?.(visiting);
        assert.deepEqual(visiting.faults.filter((fault) => !faults.some((known) => known.test(fault))), []);
      } catch (error) {
        if (name) await visiting.screenshot(`embed-${name}-failed`).catch(() => {});
        throw new Error(`${error.message}\nfaults: ${visiting.faults.join('\n')}`, { cause: error });
      } finally {
        await visiting.context.close();
      }
    };

    return { net, browser, visitor, receiver, chatWorks, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export const removeFolder = (folder) => rm(folder, { recursive: true, force: true });
