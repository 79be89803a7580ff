// Whatever somebody types or pastes to say whom they mean leads there, and while they type they see who it is.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ContractFactory, NonceManager, Wallet } from 'ethers';
import { ensProvider } from '../localnet/chain.mjs';
import { compileSolidity } from '../localnet/solidity.mjs';
import { Dm3Client } from './client.mjs';
import { boxOf, hasFocus, looksRight, pressInInputMethod, until, useWorld } from './support.mjs';

const READY = 'Can be written to';
const COLLECTOR = 'a-very-long-name-of-a-collector-of-things.eth';
const HINT = 'Type a whole name';
const NO_PROFILE = 'Has no dm3 profile yet – will be delivered when they join';

/** The row that says who is meant. */
const firstRow = (person) => person.chat.locator('.row-first');
const rowWith = (person, text) => firstRow(person).filter({ hasText: text });

/** Presses the keys of a text, in place of what stands in the field. */
async function types(person, text) {
  await person.search.press('Control+a');
  await person.search.press('Backspace');
  await person.search.pressSequentially(text);
}

/** Pastes a text, in place of what stands in the field. */
async function pastes(person, text) {
  await person.page.evaluate((text) => navigator.clipboard.writeText(text), text);
  await person.search.press('Control+a');
  await person.search.press('Control+v');
}

/** Counts what a page asks the chain. */
function questions(person) {
  const asked = [];
  person.context.on('request', (request) => {
    if (request.url().startsWith(person.world.net.rpcUrl)) asked.push(request.postData());
  });
  return asked;
}

describe('finding people', () => {
  const world = useWorld({ before, after });
  const address = (label) => world().account(label).address;
  let alice;
  let deeds;
  let coins;

  before(async () => {
    const { net } = world();
    await new Dm3Client(net, world().account('bob')).signUp();
    await new Dm3Client(net, world().account('collector')).signUp();
    const provider = ensProvider(net);
    const deployer = new NonceManager(new Wallet(world().account('dave').privateKey, provider));
    const { Deeds, Coins } = compileSolidity('Tokens.sol');
    const deploy = async ({ abi, bytecode }) => {
      const contract = await new ContractFactory(abi, bytecode, deployer).deploy();
      return contract.waitForDeployment();
    };
    deeds = await deploy(Deeds);
    coins = await deploy(Coins);
    await (await deeds.give(7, address('bob'))).wait();
    provider.destroy();
    alice = await world().person('alice', { context: { permissions: ['clipboard-read', 'clipboard-write'] } });
    await alice.signUp();
  });

  test('every spelling of an address or a name that is typed opens the conversation', async () => {
    const bob = address('bob');
    for (const text of [
      bob.replace('0x', '0X'),
      bob.slice(2),
      `eip155:1:${bob}`,
      `eth:${bob}`,
      `ethereum:pay-${bob}@1?value=1e18`,
      `etherscan.io/address/${bob}`,
      'https://app.ens.domains/bob.eth',
      'https://bob.eth.limo',
      'bob.eth.',
      '@bob.eth',
      'ens:bob.eth',
      'Bob.ETH',
    ]) {
      await types(alice, text);
      await alice.search.press('Enter');
      await alice.button('Back').waitFor();
      assert.match(await alice.chat.locator('[part~="header"]').innerText(), /bob/, text);
      await alice.back();
    }
  });

  test('what is pasted with something around it opens the conversation', async () => {
    for (const text of [
      '\ufeff bob.eth\u200b',
      `\n${address('bob')}\r\n`,
      '“bob.eth”,',
      `My address: ${address('bob')}`,
      `https://opensea.io/${address('bob')}`,
    ]) {
      await pastes(alice, text);
      await alice.chat.locator('.row', { hasText: 'bob.eth' }).first().waitFor();
      await alice.search.press('Enter');
      await alice.button('Back').waitFor();
      assert.match(await alice.chat.locator('[part~="header"]').innerText(), /bob/, JSON.stringify(text));
      await alice.back();
    }
  });

  test('an NFT leads to its owner', async () => {
    await pastes(alice, `eip155:${world().net.chainId}/erc721:${deeds.target}/7`);
    await rowWith(alice, 'bob.eth').filter({ hasText: READY }).click();
    await alice.send('Is number 7 for sale?');
    await alice.back();
    for (const [text, words] of [
      [`eip155:${world().net.chainId}/erc721:${deeds.target}/8`, 'Nobody owns this NFT'],
      [`eip155:${world().net.chainId}/erc721:${coins.target}/7`, 'many owners'],
      [`eip155:1/erc1155:${coins.target}/7`, 'many owners'],
      [`https://opensea.io/assets/ethereum/${deeds.target}/7`, 'NFTs of other chains'],
    ]) {
      await pastes(alice, text);
      await rowWith(alice, words).waitFor();
    }
  });

  test('while somebody types they see who it is, and whether they can be written to', async () => {
    await types(alice, COLLECTOR);
    await rowWith(alice, READY).waitFor();
    const collector = address('collector');
    const whom = new RegExp(`a-very-long[^]*${collector.slice(0, 6)}…${collector.slice(-4)}`);
    assert.match(await firstRow(alice).innerText(), whom);
    await firstRow(alice).getByLabel('verified name').waitFor();

    await types(alice, 'dave.eth');
    await rowWith(alice, NO_PROFILE).waitFor();
    await types(alice, address('carol'));
    await rowWith(alice, NO_PROFILE).waitFor();
    await types(alice, 'alice.eth');
    await rowWith(alice, 'This is you').waitFor();
    assert.equal(await alice.chat.locator('button.row-first').count(), 0);
    await types(alice, 'zyx.eth');
    await rowWith(alice, 'Nobody is registered as zyx.eth').waitFor();
    assert.equal(await alice.button('Retry').count(), 0);
    await pastes(alice, 'bob.eth dave.eth');
    await rowWith(alice, 'more than one').waitFor();
    await pastes(alice, 'solana:mainnet:7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv');
    await rowWith(alice, 'Ethereum accounts only').waitFor();
    await types(alice, address('bob').replace(/.$/, (last) => (/[a-f]/.test(last) ? last.toUpperCase() : '0')));
    await rowWith(alice, 'checksum').waitFor();
  });

  test('half a name is asked of nobody', async () => {
    await types(alice, 'x');
    await alice.page.waitForTimeout(1000);
    const asked = questions(alice);
    for (const text of ['al', 'bob', 'bob.', 'bob.e', '0x7099', 'app.ens.domains/']) {
      await types(alice, text);
      await alice.page.waitForTimeout(600);
      assert.equal(await rowWith(alice, 'Write to').count(), 0, text);
    }
    await types(alice, 'zyx');
    await rowWith(alice, HINT).waitFor();
    assert.deepEqual(asked, []);
  });

  test('who is listed already is not offered a second time, and Enter opens what stands first', async () => {
    for (const text of ['bo', 'bob.eth']) {
      await types(alice, text);
      await alice.chat.locator('.row', { hasText: 'bob.eth' }).first().waitFor();
      await alice.page.waitForTimeout(1000);
      assert.equal(await firstRow(alice).count(), 0, text);
      await alice.search.press('Enter');
      await alice.composer.waitFor();
      await alice.back();
    }
  });

  test('messages are found by what they say, and shown in their place', async () => {
    await types(alice, 'NUMBER 7 for');
    const hit = alice.chat.locator('.row-text');
    await hit.waitFor();
    assert.match(await hit.innerText(), /bob\.eth[^]*You: Is number 7 for sale\?/);
    assert.equal(await hit.locator('mark').innerText(), 'number 7 for');
    assert.equal(await firstRow(alice).count(), 0);
    await alice.search.press('ArrowDown');
    await alice.page.keyboard.press('Enter');
    await alice.composer.waitFor();
    await alice.sees('Is number 7 for sale?');
    await alice.back();
    await hit.waitFor();
    assert.equal(await alice.search.inputValue(), 'NUMBER 7 for', 'what was looked for stands there again');
    await types(alice, 'nobody ever said this');
    await alice.chat.getByText('No message says this.').waitFor();
    assert.equal(await hit.count(), 0);
    await types(alice, 'number 7');
    await hit.first().waitFor();
    assert.equal(await alice.chat.getByText('No message says this.').count(), 0);
  });

  test('what fails for now can be tried again, and the row is as high whatever it says', async () => {
    const { rpcUrl } = world().net;
    const heights = new Set();
    const measured = async (row) => {
      await row.waitFor();
      heights.add((await boxOf(row)).height);
    };
    await types(alice, 'mallory.eth');
    await measured(rowWith(alice, 'Write to mallory.eth'));
    let answer;
    const held = new Promise((resolve) => (answer = resolve));
    await alice.context.route(`${rpcUrl}/**`, async (route) => {
      await held;
      await route.abort();
    });
    await measured(alice.chat.locator('.row-first.skeleton-row'));
    answer();
    await measured(rowWith(alice, 'can’t be reached').first());
    await alice.context.unroute(`${rpcUrl}/**`);
    await alice.button('Retry').click();
    await measured(rowWith(alice, NO_PROFILE));
    await pastes(alice, `https://example.org/${'very-long/'.repeat(60)}`);
    await measured(rowWith(alice, HINT));
    assert.equal(heights.size, 1, `heights ${[...heights]}`);
  });

  test('the answer to what stood there before is never shown', async () => {
    const { rpcUrl } = world().net;
    await alice.context.route(`${rpcUrl}/**`, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      await route.continue();
    });
    await types(alice, 'shop.eth');
    await alice.chat.locator('.row-first.skeleton-row').waitFor();
    await types(alice, 'collector.eth');
    const seen = new Set();
    await until('the second is answered', async () => {
      const text = await firstRow(alice).innerText();
      seen.add(text);
      return text.includes('Nobody is registered as collector.eth');
    });
    assert.deepEqual([...seen].filter((text) => text.includes('shop')), []);
    await alice.context.unrouteAll({ behavior: 'ignoreErrors' });
  });

  test('the arrow keys lead from the field along the rows and back', async () => {
    await types(alice, 'dave.eth');
    await rowWith(alice, NO_PROFILE).waitFor();
    const focused = () =>
      alice.page.evaluate(() => document.querySelector('dm3-chat').shadowRoot.activeElement?.className ?? '');
    await alice.search.press('ArrowDown');
    await until('the first row has the focus', async () => (await focused()).includes('row-found'));
    await alice.page.keyboard.press('ArrowUp');
    assert.ok(await alice.search.evaluate((field) => field.matches(':focus')));
    await types(alice, 'bob.eth');
    await alice.search.press('ArrowDown');
    await until('the row has the focus', async () => (await focused()) === 'row');
    await alice.page.keyboard.press('ArrowDown');
    assert.equal(await focused(), 'row');
    await alice.page.keyboard.press('ArrowUp');
    assert.equal(await focused(), '');
    assert.ok(await alice.search.evaluate((field) => field.matches(':focus')));
    await alice.search.press('ArrowDown');
    await alice.page.keyboard.press('Enter');
    await alice.composer.waitFor();
    await alice.back();
  });

  test('keys that end what an input method writes open nobody and do not close the chat', async () => {
    await types(alice, 'dave.eth');
    await rowWith(alice, NO_PROFILE).waitFor();
    for (const key of ['Enter', 'Escape', 'ArrowDown']) await pressInInputMethod(alice.search, key);
    await alice.page.waitForTimeout(500);
    assert.ok(await hasFocus(alice.search));
    assert.equal(await alice.search.inputValue(), 'dave.eth');
    assert.equal(await alice.launcher.getAttribute('aria-expanded'), 'true');
  });

  test('the list is one stop of the Tab key, at the row where somebody was last', async () => {
    for (const label of ['collector', 'carol']) {
      await alice.writeTo(address(label));
      await alice.send('Good morning');
      await alice.back();
    }
    await alice.search.fill('');
    const rows = alice.chat.locator('[part~="list"] li > button');
    await until('three are listed', async () => (await rows.count()) >= 3);
    const last = (await rows.count()) - 1;
    await alice.search.press('ArrowDown');
    await until('the first has the focus', () => hasFocus(rows.first()));
    await alice.page.keyboard.press('End');
    assert.ok(await hasFocus(rows.nth(last)));
    await alice.page.keyboard.press('Home');
    assert.ok(await hasFocus(rows.first()));
    await alice.page.keyboard.press('ArrowDown');
    assert.ok(await hasFocus(rows.nth(1)));
    await alice.page.keyboard.press('Tab');
    assert.equal(await alice.chat.locator('[part~="list"] button:focus').count(), 0, 'one step leads past all rows');
    await alice.page.keyboard.press('Shift+Tab');
    await until('back at the row that had it', () => hasFocus(rows.nth(1)));
    await alice.page.keyboard.press('Shift+Tab');
    assert.equal(await alice.chat.locator('[part~="list"] button:focus').count(), 0, 'and so does one back');
  });

  test('no page broke its policy', () => world().assertNoFaults());
});

describe('what stands in the row', () => {
  const world = useWorld({ before, after });

  before(async () => {
    for (const label of ['bob', 'collector']) await new Dm3Client(world().net, world().account(label)).signUp();
  });

  for (const [look, context] of Object.entries({
    light: { colorScheme: 'light' },
    dark: { colorScheme: 'dark' },
    phone: { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true },
    narrow: { colorScheme: 'dark', viewport: { width: 320, height: 640 }, hasTouch: true },
  })) {
    test(`looks right, ${look}`, async () => {
      const permissions = ['clipboard-read', 'clipboard-write'];
      const alice = await world().person('alice', { context: { ...context, permissions } });
      // Later ones sign in on a new device.
      await alice.open();
      await alice.button('Connect wallet').click();
      await alice.button('Create keys').click();
      await alice.button('Publish profile').or(alice.heading).first().waitFor();
      if (await alice.button('Publish profile').count()) await alice.button('Publish profile').click();
      await alice.heading.waitFor();
      await alice.writeTo('bob.eth');
      await alice.send('Hello');
      await alice.back();
      for (const [name, text, words] of [
        ['half', 'zy', HINT],
        ['ready', `eip155:1:${world().account('bob').address}`, READY],
        ['no-profile', 'dave.eth', NO_PROFILE],
        ['address', world().account('carol').address, NO_PROFILE],
        ['long-name', COLLECTOR, READY],
        ['own', 'alice.eth', 'This is you'],
        ['unknown', 'nobody-has-this-name.eth', 'Nobody is registered'],
        ['other-network', 'solana:mainnet:7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv', 'Ethereum accounts only'],
        ['two', 'bob.eth dave.eth', 'more than one'],
        ['link', `https://example.org/${'somewhere/'.repeat(12)}`, HINT],
      ]) {
        await pastes(alice, text);
        await rowWith(alice, words).waitFor();
        await looksRight(alice, `find-${look}-${name}`);
      }
      await alice.context.route(`${world().net.rpcUrl}/**`, (route) => route.abort());
      await pastes(alice, 'mallory.eth');
      await alice.button('Retry').waitFor();
      await looksRight(alice, `find-${look}-unreachable`);
      await alice.context.unroute(`${world().net.rpcUrl}/**`);
      await alice.context.route(`${world().net.rpcUrl}/**`, () => {});
      await pastes(alice, 'shop.eth');
      await alice.chat.locator('.row-first.skeleton-row').waitFor();
      await looksRight(alice, `find-${look}-searching`);
      await alice.context.close();
    });
  }
});
