// What a site asks for beside a chat: a message that is written before signing in, who owns what it is about, and who is its
// official contact.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ContractFactory, NonceManager, Wallet } from 'ethers';
import { ensProvider } from '../localnet/chain.mjs';
import { compileSolidity } from '../localnet/solidity.mjs';
import { isAccessible } from './axe.mjs';
import { Dm3Client, aliasOf } from './client.mjs';
import { layoutFaults } from './layout.mjs';
import { until, useWorld } from './support.mjs';

const say = (person, values) => person.page.locator('dm3-chat').evaluate((chat, values) => Object.assign(chat, values), values);
const open = (person, to, options) =>
  person.page.locator('dm3-chat').evaluate((chat, [to, options]) => chat.openConversation(to, options), [to, options]);

describe('what a site asks for beside a chat', () => {
  const world = useWorld({ before, after });
  const address = (label) => world().account(label).address;
  let bob;
  let alice;

  before(async () => {
    bob = new Dm3Client(world().net, world().account('bob'));
    await bob.signUp();
  });

  describe('a contact form', () => {
    const FORM = { to: 'bob.eth', lockContact: true };
    const WORDS = 'Do you ship to Malta?';
    let carol;

    const field = () => carol.chat.getByRole('textbox', { name: 'Message bob.eth' });
    const kept = () => carol.page.evaluate(() => localStorage.getItem('dm3-chat:draft:form:bob.eth'));

    test('it is written first, and the page can put words there, but not send them', async () => {
      carol = await world().person('carol');
      await say(carol, { ...FORM, draft: 'Hello!' });
      await carol.open();
      await carol.chat.getByRole('heading', { name: 'Write to bob.eth' }).waitFor();
      await until('the page’s words stand there', async () => (await field().inputValue()) === 'Hello!');
      await carol.button('Send').evaluate((button) => button.click());
      await field().fill(WORDS);
      await until('it is kept as something nobody has sent', async () => (await kept()) === `0 ${WORDS}`);
      await isAccessible(carol, 'site-form');
      await carol.screenshot('site-form');
    });

    test('it has room on a phone and outlives a reload', async () => {
      await carol.page.setViewportSize({ width: 320, height: 640 });
      await carol.page.reload();
      await say(carol, FORM);
      await carol.open();
      await until('it stands there', async () => (await field().inputValue()) === WORDS);
      await until('nothing is cut off', async () => {
        assert.deepEqual(await carol.page.evaluate(layoutFaults), []);
        return true;
      });
      await carol.screenshot('site-form-phone');
    });

    test('sent by the keyboard it waits, also over a reload, and can still be changed', async () => {
      await carol.page.setViewportSize({ width: 1180, height: 800 });
      await carol.button('Send').focus();
      await carol.page.keyboard.press('Enter');
      await carol.chat.getByText('Your message is kept.').waitFor();
      await isAccessible(carol, 'site-form-kept');
      await carol.screenshot('site-form-kept');
      await carol.button('Change message').click();
      await until('it stands there', async () => (await field().inputValue()) === WORDS);
      await carol.button('Send').click();
      await carol.chat.getByText('Your message is kept.').waitFor();
      await carol.page.reload();
      await say(carol, FORM);
      await carol.open();
      await carol.chat.getByText('Your message is kept.').waitFor();
    });

    test('it leaves once, when somebody has signed in', async () => {
      await carol.button('Connect wallet').click();
      await carol.button('Create keys').click();
      await carol.button('Publish profile').click();
      await carol.sees(WORDS);
      await carol.log.getByText(/· sent/).waitFor();
      assert.equal(await kept(), null);
      assert.equal(await carol.composer.inputValue(), '');
      await carol.page.reload();
      await say(carol, FORM);
      await carol.open();
      await carol.sees(WORDS);
      assert.deepEqual((await bob.texts()).filter(Boolean), [WORDS]);
    });
  });

  describe('a market', () => {
    let deeds;
    let prints;
    let provider;
    let seller;

    const known = (words) => alice.chat.locator('.note, .bar').filter({ hasText: words });
    const waitFor = (transaction) => transaction.then((sent) => sent.wait());

    before(async () => {
      provider = ensProvider(world().net);
      const wallet = (label) => new NonceManager(new Wallet(world().account(label).privateKey, provider));
      seller = wallet('bob');
      const dave = wallet('dave');
      const contracts = compileSolidity('Nfts.sol', { evmVersion: 'cancun' });
      const deploy = async (name) => {
        const { abi, bytecode } = contracts[name];
        const contract = await new ContractFactory(abi, bytecode, dave).deploy();
        return contract.waitForDeployment();
      };
      deeds = await deploy('TradedDeeds');
      prints = await deploy('TradedPrints');
      await waitFor(deeds.mint(address('bob')));
      await waitFor(prints.mint(address('bob'), 5, 2));
      alice = await world().person('alice', { path: '/shop.html' });
      await alice.signUp();
    });
    after(() => provider?.destroy());

    test('the conversation with an owner says that they are, and is about what they own', async () => {
      await open(alice, `eip155:${world().net.chainId}/erc721:${deeds.target}/0`);
      await known(/^bob\.eth owns NFT #0 of 0x/).waitFor();
      await alice.chat.getByRole('group', { name: 'About' }).getByText('NFT #0 of').waitFor();
      await alice.send('Is it for sale?');
      await bob.tell(aliasOf(address('alice')), { text: 'It is.' });
      await alice.sees('It is.');
      await known(/^bob\.eth owns NFT #0 of 0x/).waitFor();
      await isAccessible(alice, 'site-owner');
      await alice.screenshot('site-owner');
    });

    test('who has sold it meanwhile is believed no more, from their next message on', async () => {
      await waitFor(deeds.connect(seller).transferFrom(address('bob'), address('collector'), 0));
      await bob.tell(aliasOf(address('alice')), { text: 'Send the money now.' });
      await alice.sees('Send the money now.');
      const { address: owner } = world().account('collector');
      await known(`bob.eth no longer owns NFT #0`).filter({ hasText: `${owner.slice(0, 6)}…${owner.slice(-4)}` }).waitFor();
      await isAccessible(alice, 'site-owner-no-more');
      await alice.screenshot('site-owner-no-more');
    });

    test('that is found out also when the conversation is opened from the list, after a reload', async () => {
      await alice.reload();
      await alice.openRow(/bob\.eth/);
      await known(/bob\.eth (does not|no longer) own/).waitFor();
    });

    test('of what many may have it is said whether the seller has any', async () => {
      const context = `eip155:${world().net.chainId}/erc1155:${prints.target}/5`;
      await open(alice, 'bob.eth', { context });
      await known(/^bob\.eth owns NFT #5 of 0x/).waitFor();
      await waitFor(prints.connect(seller).safeTransferFrom(address('bob'), address('collector'), 5, 2, '0x'));
      await open(alice, 'bob.eth', { context });
      await known(/^bob\.eth (does not own|no longer owns) NFT #5/).waitFor();
    });
  });

  describe('an official contact', () => {
    const badge = (person) => person.chat.getByText(/^Official contact of /);
    const FILE = '**/.well-known/dm3-contact.json';

    before(async () => {
      await world().net.setText('shop.eth', address('shop'), 'url', `${world().url}/about`);
      // It claims to be one as well, and the site does not.
      await world().net.setText('mallory.eth', address('mallory'), 'url', world().url);
    });

    test('is shown as one where the name and the site say so, and nobody else is', async () => {
      await say(alice, { official: true });
      await open(alice, 'shop.eth');
      await badge(alice).filter({ hasText: new URL(world().url).host }).waitFor();
      await isAccessible(alice, 'site-official');
      await alice.screenshot('site-official');
      const asked = alice.page.waitForResponse(FILE);
      await open(alice, 'mallory.eth');
      await asked;
      await alice.send('Who are you?');
      assert.equal(await badge(alice).count(), 0);
    });

    test('is none where the file is elsewhere, and the person reads it before they write', async () => {
      const dave = await world().person('dave');
      // Whoever can lead the site's visitors elsewhere is not the site.
      await dave.page.route(FILE, (route) => route.fulfill({ status: 302, headers: { location: '/elsewhere.json' } }));
      const refused = dave.page.waitForEvent('requestfailed', (request) => request.url().endsWith('/dm3-contact.json'));
      await say(dave, { to: 'shop.eth', lockContact: true, official: true });
      await dave.open();
      await refused;
      await dave.chat.getByRole('textbox').fill('Hello');
      assert.equal(await badge(dave).count(), 0);
      await dave.page.unroute(FILE);
      await dave.page.reload();
      await say(dave, { to: 'shop.eth', lockContact: true, official: true });
      await dave.open();
      await badge(dave).waitFor();
      await dave.screenshot('site-official-form');
    });
  });

  test('no page broke its policy', () => world().assertNoFaults());
});
