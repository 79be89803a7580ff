// The profile on an ENS name of one's own, by a transaction: what it costs is told first, and everybody finds it there.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { NODES, ensProvider } from '../localnet/chain.mjs';
import { isAccessible } from './axe.mjs';
import { looksRight, useWorld } from './support.mjs';

const PROFILE_RECORD = 'network.dm3.profile';

describe('an ENS name of one’s own', () => {
  const world = useWorld({ before, after, second: true, wide: true });
  let alice;
  let carol;
  let ens;

  const names = () =>
    alice.chat.locator('section', { has: alice.page.getByRole('heading', { name: 'Your ENS names', exact: true }) });
  const wrong = (words) => names().getByRole('alert').getByText(words).waitFor();
  const recordOf = async (name) => (await (await ens.getResolver(name)).getText(PROFILE_RECORD)) || null;

  async function check(name) {
    const field = names().getByRole('textbox', { name: 'ENS name that you own' });
    await field.fill(name);
    await field.press('Enter');
  }

  async function openOwn(person) {
    await person.button('Account').click();
    await person.button('Settings').click();
    await person.button(/^Your account/).click();
    await person.chat.getByRole('heading', { name: 'Your ENS names', exact: true }).waitFor();
  }

  before(async () => {
    ens = ensProvider(world().net);
    alice = await world().person('alice');
    carol = await world().person('carol', { second: true });
    await alice.signUp();
    await carol.signUp();
  });
  after(() => ens?.destroy());

  test('who asks another node does not find a name’s owner who has published nothing on it', async () => {
    await carol.writeTo('alice.eth');
    await carol.chat.getByText(/has not joined dm3 yet/).waitFor();
    await carol.back();
  });

  test('the name that an account calls itself by is there, with what it holds', async () => {
    await openOwn(alice);
    await names().getByText('alice.eth').waitFor();
    await names().getByText('Leads to you, holds no profile yet').waitFor();
    await looksRight(alice, 'ens-own');
    await isAccessible(alice, 'ens-own');
  });

  test('what can’t be published on is said, and the wallet is not asked', async () => {
    const { bob, mallory } = Object.fromEntries(['bob', 'mallory'].map((label) => [label, world().account(label)]));
    await world().net.pointName('mallory.eth', mallory.address, alice.account.address);
    const before = await alice.prompts();
    await check('b b.eth');
    await wrong('can’t stand here in an ENS name');
    await check('nobody-has-this.eth');
    await wrong('nobody-has-this.eth has no resolver on this chain');
    await check('Bob.eth');
    await wrong(`bob.eth leads to ${bob.address.slice(0, 6)}…${bob.address.slice(-4)}, not to your account.`);
    await check('mallory.eth');
    await wrong('Your account may not change the records of mallory.eth.');
    await check(`${alice.account.address}.${NODES[0].domain}`);
    await wrong(/The records of 0x[0-9a-f]+\.addr\.dm3\.eth are not on the chain/);
    await looksRight(alice, 'ens-wrong');
    assert.deepEqual(await alice.prompts(), before);
  });

  test('what it costs is told, and who declines it in the wallet has sent nothing', async () => {
    await names().getByRole('button', { name: /^Publish.*alice\.eth/ }).click();
    await names().getByText(/writes your profile to alice\.eth\. At the moment that costs about 0\.\d+ ETH\./).waitFor();
    await looksRight(alice, 'ens-asked');
    await isAccessible(alice, 'ens-asked');
    await names().getByRole('button', { name: 'Don’t publish' }).click();
    await check('alice.eth');
    await names().getByText(/costs about 0\.\d+ ETH/).waitFor();
    await alice.refuseNextSignature();
    await names().getByRole('button', { name: 'Publish', exact: true }).last().click();
    await wrong('You declined the request in your wallet.');
    assert.equal(await recordOf('alice.eth'), null);
  });

  test('with one transaction the name leads to the profile, and who asks another node writes to it', async () => {
    const [balance, before] = [await ens.getBalance(alice.account.address), (await alice.prompts()).length];
    await check('alice.eth');
    const told = await names().getByText(/costs about 0\.\d+ ETH/).innerText();
    await names().getByRole('button', { name: 'Publish', exact: true }).last().click();
    await names().getByText('alice.eth leads to your profile.').waitFor();
    await names().getByText('Leads to your profile', { exact: true }).waitFor();
    assert.deepEqual((await alice.prompts()).slice(before), ['eth_sendTransaction']);
    const paid = balance - (await ens.getBalance(alice.account.address));
    const most = Number(/about (0\.\d+) ETH/.exec(told)[1]);
    assert.ok(paid > 0n && Number(paid) / 1e18 <= most, `${paid} wei were paid, ${most} ETH were told`);
    assert.match(await recordOf('alice.eth'), /^data:application\/json,.*publicEncryptionKey/);
    await looksRight(alice, 'ens-done');
    await isAccessible(alice, 'ens-done');
    await carol.writeTo('alice.eth');
    await carol.send('Found you by your own name');
    for (const _ of [1, 2]) await alice.button('Back').click();
    await alice.openRow(/Found you by your own name/);
    await alice.sees('Found you by your own name');
    await alice.back();
  });

  test('nobody pays for the same twice, and the name is still there after a reload', async () => {
    await alice.reload();
    await openOwn(alice);
    await names().getByText('Leads to your profile', { exact: true }).waitFor();
    const before = await alice.prompts();
    await check('alice.eth');
    await names().getByText('alice.eth leads to your profile.').waitFor();
    assert.deepEqual(await alice.prompts(), before);
  });

  test('nothing broke the page or its policy', () => assert.deepEqual([alice.faults, carol.faults], [[], []]));
});
