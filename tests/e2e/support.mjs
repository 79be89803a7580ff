// What every end-to-end test stands on: the local network, the pages under their strict policy, and people in
// browser contexts of their own who use the element as a person does: by what is written on it.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { rpc } from '../localnet/chain.mjs';
import { startLocalnet } from '../localnet/index.mjs';
import { servePages } from '../localnet/serve.mjs';
import { layoutFaults } from './layout.mjs';

export const OUTPUT = fileURLToPath(new URL('output', import.meta.url));

export const BROWSER_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// Generous, for slow machines: only what fails takes this long.
const WAIT = 60_000;

/** Polls until `check` passes without throwing or returning false; then returns its value. */
export async function until(what, check, timeout = WAIT) {
  const deadline = Date.now() + timeout;
  let last;
  for (;;) {
    try {
      const value = await check();
      if (value !== false) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}${last ? `\n${last.message}` : ''}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Where something stands; waits while it is drawn anew, for then it stands nowhere. */
export const boxOf = (locator) => until('it stands somewhere', async () => (await locator.boundingBox()) ?? false);

/** Whether something has the focus in its element. */
export const hasFocus = (locator) => locator.evaluate((it) => it.getRootNode().activeElement === it);

/** A key that goes to an input method, as Safari tells it: by its code alone. */
export async function pressInInputMethod(locator, key) {
  await locator.evaluate((field, key) => {
    const event = { key, keyCode: 229, bubbles: true, cancelable: true, composed: true };
    field.dispatchEvent(new KeyboardEvent('keydown', event));
  }, key);
}

/** A picture of what somebody sees, in which nothing is cut off, covered or too small. */
export async function looksRight(person, name) {
  await person.screenshot(name);
  assert.deepEqual(await person.page.evaluate(layoutFaults), [], `tests/e2e/output/${name}.png`);
}

/** A finger on somebody's screen: `act` is given what puts it down, moves and lifts it, as Chromium names that. */
export async function finger(person, act) {
  const session = await person.context.newCDPSession(person.page);
  await act((type, ...touchPoints) => session.send('Input.dispatchTouchEvent', { type, touchPoints }));
  await session.detach();
}

/** One person: a browser context (a device) with a page in it. */
export class Person {
  /** Violations of the page's policy and uncaught errors, over all pages and reloads of this person. */
  faults = [];

  constructor(world, context, label, startUrl) {
    this.world = world;
    this.context = context;
    this.label = label;
    this.account = world.net.accounts.find((account) => account.label === label);
    this.startUrl = startUrl;
  }

  /** Opens the page; again after `leave()`. */
  async arrive() {
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(WAIT);
    this.page.on('pageerror', (error) => this.faults.push(`uncaught: ${error.message}`));
    this.page.on('console', (message) => {
      const text = message.text();
      if (message.type() === 'error' && /content security policy|refused to/i.test(text)) this.faults.push(text);
    });
    await this.page.goto(this.startUrl);
    await this.chat.waitFor({ state: 'attached' });
  }

  /** Closes the page; what the device stored stays. */
  async leave() {
    await this.page.close();
    this.page = null;
  }

  get chat() {
    return this.page.locator('dm3-chat');
  }

  get launcher() {
    return this.chat.locator('[part~="launcher"]');
  }

  get heading() {
    return this.chat.getByRole('heading', { name: 'Messages', exact: true, level: 2 });
  }

  get search() {
    return this.chat.getByLabel('Search or enter a name');
  }

  get composer() {
    return this.chat.getByRole('textbox', { name: /^Message / });
  }

  get log() {
    return this.chat.getByRole('log');
  }

  get alert() {
    return this.chat.getByRole('alert');
  }

  button(name) {
    return this.chat.getByRole('button', { name, ...(typeof name === 'string' && { exact: true }) });
  }

  /** Opens the panel, if it is closed. */
  async open() {
    // Inline there is no launcher to be seen.
    if ((await this.chat.getAttribute('mode')) === 'inline') return;
    await this.launcher.waitFor();
    if ((await this.launcher.getAttribute('aria-expanded')) !== 'true') await this.launcher.click();
  }

  /** Goes through the sign-in of somebody who is here for the first time. */
  async signUp() {
    await this.open();
    await this.button('Connect wallet').click();
    await this.button('Create keys').click();
    await this.button('Publish profile').click();
    await this.heading.waitFor();
  }

  /** The same of somebody who has signed up elsewhere: the wallet makes the same keys, and the profile is there. */
  async signIn() {
    await this.open();
    await this.button('Connect wallet').click();
    await this.button('Create keys').click();
    await this.heading.waitFor();
  }

  /** Opens the panel where sign-in is already done, and waits for the list. */
  async resume() {
    await this.open();
    await this.heading.waitFor();
  }

  async reload() {
    await this.page.reload();
    await this.resume();
  }

  /** Starts or opens a conversation by typing a name or an address. */
  async writeTo(nameOrAddress) {
    await this.search.fill(nameOrAddress);
    await this.search.press('Enter');
    await this.composer.waitFor();
  }

  /** Opens a conversation that is in the list already; of a stranger who has written, and is welcome. */
  async openRow(name) {
    await this.findRow(name);
    const accept = this.button('Accept');
    await this.composer.or(accept).waitFor();
    if (await accept.isVisible()) await accept.click();
    await this.composer.waitFor();
  }

  /** Opens a conversation in whichever part of the list it is. */
  async findRow(name) {
    const row = this.chat.locator('[part~="list"]').getByRole('button', { name }).first();
    const requests = this.chat.getByRole('button', { name: /^Requests · /, pressed: false });
    const all = this.chat.getByRole('button', { name: 'All', exact: true, pressed: false });
    await until(`${name} is in the list`, async () => {
      // On a busy machine a click may be answered late.
      if (await this.button('Back').isVisible()) return true;
      if (!(await row.isVisible())) {
        // Who was accepted on another device leaves the requests once this one is told.
        if (await requests.isVisible()) await requests.click();
        else if (await all.isVisible()) await all.click();
      }
      await row.click({ timeout: 2_000 });
      return true;
    });
  }

  async send(text) {
    await this.composer.fill(text);
    await this.button('Send').click();
    await this.sees(text);
  }

  async back() {
    await this.button('Back').click();
    await this.heading.waitFor();
  }

  /** Waits until the open thread shows a message with this text. */
  async sees(text) {
    await this.log.locator('[part~="message"]', { hasText: text }).first().waitFor();
  }

  /** The texts of the messages of the open thread that contain one of `wanted`, from top to bottom. */
  async order(wanted) {
    const shown = await this.log.locator('[part~="message"]').allInnerTexts();
    return shown.flatMap((text) => wanted.filter((part) => text.includes(part)));
  }

  /** Everything the element shows, for saying what it does not show. */
  async text() {
    return this.chat.locator('[part~="base"]').innerText();
  }

  /** How many signatures the wallet was asked for since the page was loaded. */
  async signatures() {
    return this.page.evaluate(
      () =>
        (window.dm3ContractWallet ?? window.dm3DevWallet).prompts.filter(({ method }) => method === 'personal_sign').length,
    );
  }

  /** What the wallet was asked for since the page was loaded. */
  async prompts() {
    return this.page.evaluate(() => window.dm3DevWallet.prompts.map(({ method }) => method));
  }

  async refuseNextSignature() {
    await this.page.evaluate(() => window.dm3DevWallet.refuseNext());
  }

  async screenshot(name) {
    // Motion is short; what is judged is where it ends.
    await this.page.waitForTimeout(300);
    await this.page.screenshot({ path: join(OUTPUT, `${name}.png`) });
  }
}

/**
 * Runs in the page: the wallet of an account that is a contract. It answers for one account and knows one chain. `walletIn`:
 * whether it is in the `page`, in its `frame`s, or – as most extensions are – in both.
 */
export function announceContractWallet({ address, chainId, walletIn = 'both' }) {
  if (walletIn !== 'both' && (walletIn === 'page') !== (window === top)) return;
  const prompts = [];
  const provider = {
    async request({ method, params = [] }) {
      switch (method) {
        case 'eth_requestAccounts':
        case 'eth_accounts':
          return [address];
        case 'eth_chainId':
          return `0x${chainId.toString(16)}`;
        case 'wallet_getPermissions':
          return [{ parentCapability: 'eth_accounts' }];
        case 'personal_sign':
          prompts.push({ method, params });
          return window.dm3SignForContract(params[0]);
        default:
          throw Object.assign(new Error(`no method ${method}`), { code: 4200 });
      }
    },
    on() {},
    removeListener() {},
  };
  const icon = 'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg"/%3E';
  const info = { uuid: '5afe0000-0000-4000-8000-000000000000', name: 'Contract wallet', icon, rdns: 'org.dm3.contract' };
  const detail = Object.freeze({ info, provider });
  const announce = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }));
  window.addEventListener('eip6963:requestProvider', announce);
  announce();
  window.dm3ContractWallet = { prompts };
}

/**
 * The local network, its pages and a browser. With `second` there are two nodes, each with pages of its own; with `stakes`
 * there are contracts for deposits and a token; `wide`
 * pages may reach the other node as well. With `release` the nodes are programs as operators run them, and with `clock` their
 * clocks can be set.
 */
export async function openWorld({ second = false, wide = false, stakes = false, settings = {}, release = false, clock = false } = {}) {
  await mkdir(OUTPUT, { recursive: true });
  const net = await startLocalnet({ second, stakes, settings, release, clock });
  const closing = [() => net.stop()];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const nodes = [net.nodeUrl, ...(second ? [net.second.nodeUrl] : [])];
    const servers = [];
    for (const nodeUrl of nodes) {
      const others = wide ? nodes.filter((other) => other !== nodeUrl) : [];
      const pages = await servePages({ net: { ...net, nodeUrl }, others });
      closing.push(pages.close);
      servers.push(pages);
    }
    const [pages] = servers;
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: BROWSER_ARGS });
    closing.push(() => browser.close());
    const people = [];
    const world = {
      net,
      url: pages.url,
      browser,

      account: (label) => net.accounts.find((account) => account.label === label),

      /** How much somebody has of the token that is staked and paid. */
      async coinsOf(label) {
        const data = `0x70a08231${world.account(label).address.slice(2).toLowerCase().padStart(64, '0')}`;
        return BigInt(await rpc(net.rpcUrl, 'eth_call', [{ to: net.stakes.token, data }, 'latest']));
      },

      /** The chain's clock goes on by so many seconds. */
      async pass(seconds) {
        await rpc(net.rpcUrl, 'evm_increaseTime', [seconds]);
        await rpc(net.rpcUrl, 'evm_mine');
      },

      /**
       * Somebody with a device of their own, at the demo page (or `path`) as this account.
       *
       * `wallet` as in www/demo.js; `context` are Playwright's options for the browser context; `init` is a function
       * that runs first in each of their pages. With `contract`, an account of `tests/localnet/accounts.mjs`, the page
       * has that account's wallet and no other. `second`: at a page of the second node.
       */
      async person(
        label,
        { path = '/', wallet = 'auto', query = {}, context: options = {}, init, contract, second = false } = {},
      ) {
        if (contract) wallet = 'none';
        const context = await browser.newContext({ viewport: { width: 1180, height: 800 }, ...options });
        const url = new URL(path, servers[second ? 1 : 0].url);
        for (const [key, value] of Object.entries({ as: label, wallet, ...query })) url.searchParams.set(key, value);
        const person = new Person(world, context, label, url.href);
        await context.exposeFunction('dm3ReportViolation', (violation) => person.faults.push(violation));
        await context.addInitScript(() => {
          document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) => {
            window.dm3ReportViolation(`policy: ${violatedDirective} blocked ${blockedURI} (${sourceFile})`);
          });
        });
        if (init) await context.addInitScript(init);
        if (contract) {
          person.account = { label, address: contract.address };
          await context.exposeFunction('dm3SignForContract', (message) => contract.sign(message));
          await context.addInitScript(announceContractWallet, { address: contract.address, chainId: net.chainId });
        }
        people.push(person);
        await person.arrive();
        return person;
      },

      /** Nobody's page broke its policy or threw, but for what `expected` matches. */
      assertNoFaults(expected) {
        for (const { label, faults } of people) {
          const unexpected = faults.filter((fault) => !expected?.test(fault));
          assert.deepEqual(unexpected, [], `faults on ${label}'s page`);
        }
      },

      close,
    };
    return world;
  } catch (error) {
    await close();
    throw error;
  }
}

/** A world for the tests of one file: `world()` is it, once the tests run. `options` as in `openWorld`. */
export function useWorld({ before, after, ...options }) {
  let world;
  before(async () => {
    world = await openWorld(options);
  });
  after(async () => {
    await world?.close();
  });
  return () => world;
}
