// Deposits as people see them: what is asked of a stranger, what a receiver burns, and how a deposit comes back.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Wallet, parseUnits } from 'ethers';
import { SLOT } from '../localnet/stakes.mjs';
import { isAccessible } from './axe.mjs';
import { Dm3Client } from './client.mjs';
import { looksRight, useWorld } from './support.mjs';

const WEEK = 7 * 24 * 60 * 60;

describe('deposits', () => {
  const world = useWorld({ before, after, stakes: true });
  let bob;
  let spammer;

  const stake = (person) => person.chat.locator('.stake');

  /** Whoever has these keys demands so many slots of strangers. */
  async function demand(client, slots) {
    const { deposits: contract, token } = world().net.stakes;
    await client.signUp();
    const rule = { rule: 'deposit', chain: world().net.chainId, contract, token, slot: `${SLOT}`, slots };
    const reply = await fetch(`${world().net.nodeUrl}/ds/settings/${client.alias}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${await client.logIn()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ spamRules: [rule] }),
    });
    assert.equal(reply.status, 200, await reply.text());
  }

  test('what strangers have to stake is chosen in the settings, by what the contract says of itself', async () => {
    bob = await world().person('bob');
    await bob.signUp();
    await bob.button('Account').click();
    await bob.button('Settings').click();
    const group = bob.chat.locator('.group', { hasText: 'Who may write to you' });
    await group.getByText('Nothing: anybody may write').waitFor();
    const contract = group.getByLabel('Token or deposits: address of the contract');
    await contract.fill(world().account('mallory').address);
    await contract.press('Enter');
    await group.getByText('is neither a token nor a contract that holds deposits').waitFor();
    await contract.fill(world().net.stakes.deposits);
    await contract.press('Enter');
    const stakes = group.getByLabel('Stakes of 0.5 SIGN, at least');
    await stakes.fill('0.5');
    await stakes.press('Enter');
    await group.getByText('Write a whole number').waitFor();
    assert.equal(await stakes.inputValue(), '0.5');
    await looksRight(bob, 'stake-rule-wrong');
    await stakes.fill('2');
    await stakes.press('Enter');
    await group.getByText('bob.eth asks strangers to stake 1 SIGN.').first().waitFor();
    await looksRight(bob, 'stake-rule');
    await isAccessible(bob, 'stake-rule');
    await bob.button('Back').click();
  });

  test('who writes to a stranger reads what is asked and who was burned, and stakes it with a signature and one transaction', async () => {
    spammer = await world().person('mallory');
    await spammer.signUp();
    await spammer.writeTo('bob.eth');
    await stake(spammer).getByText('bob.eth asks strangers to stake 1 SIGN.').waitFor();
    await stake(spammer).getByText(/^bob\.eth has burned no stakes/).waitFor();
    await looksRight(spammer, 'stake-asked');
    await isAccessible(spammer, 'stake-asked');
    const before = await spammer.prompts();
    await spammer.button('Stake 2 SIGN').click();
    await stake(spammer).getByText('1 SIGN is at stake with what you write this week.').waitFor();
    // The token takes signed allowances.
    assert.deepEqual((await spammer.prompts()).slice(before.length), ['eth_signTypedData_v4', 'eth_sendTransaction']);
    await stake(spammer).getByText('Your deposit: 2 SIGN.').waitFor();
    await spammer.send('Buy this!');
    await spammer.log.getByText(/· sent/).waitFor();
    await looksRight(spammer, 'stake-promised');
  });

  test('the receiver burns it in two clicks, and both see that it is burned', async () => {
    await bob.findRow(/mallory\.eth/);
    await stake(bob).getByText('mallory.eth has 1 SIGN at stake with this message.').waitFor();
    await looksRight(bob, 'stake-request');
    await bob.button('Burn it as spam').click();
    await stake(bob).getByText(/mallory\.eth loses 1 SIGN, and nobody gets it/).waitFor();
    await looksRight(bob, 'stake-confirm');
    await isAccessible(bob, 'stake-confirm');
    await bob.button('Burn it').click();
    await stake(bob).getByText('1 SIGN was burned.').waitFor();
    await spammer.button('Back').click();
    await spammer.findRow(/bob\.eth/);
    await stake(spammer).getByText('1 SIGN of your stake was burned.').waitFor();
    await looksRight(spammer, 'stake-burned');
  });

  test('whoever is asked next reads that somebody was burned, and chooses how many a deposit is for', async () => {
    const carol = await world().person('carol');
    await carol.signUp();
    await carol.writeTo('bob.eth');
    await stake(carol).getByText(/^Stakes that bob\.eth has burned: of one person/).waitFor();
    await stake(carol).getByText(/You deposit 2 SIGN/).waitFor();
    await stake(carol).getByLabel('Enough to write at the same time to').selectOption('3 people');
    await stake(carol).getByText(/You deposit 6 SIGN/).waitFor();
    // The button names what the wallet is asked for.
    await carol.button('Stake 6 SIGN').waitFor();
    await looksRight(carol, 'stake-reach');
    await isAccessible(carol, 'stake-reach');
  });

  test('a deposit is back after leaving', async () => {
    const { address, privateKey } = Wallet.createRandom();
    const client = new Dm3Client(world().net, { address, privateKey });
    await demand(client, 1);
    const alice = await world().person('alice');
    await alice.signUp();
    await alice.writeTo(address);
    await alice.button('Stake 1 SIGN').click();
    await stake(alice).getByText('Your deposit: 1 SIGN.').waitFor();
    await alice.send('Good morning');
    await alice.log.getByText(/· sent/).waitFor();
    assert.equal(await world().coinsOf('alice'), parseUnits('999', 18));
    await alice.button('Back').click();
    const held = await ownStakes(alice);
    await held.getByText('Your deposit: 1 SIGN.').waitFor();
    await held.getByText(/^Promised to 0x/).waitFor();
    await looksRight(alice, 'stakes-own');
    await isAccessible(alice, 'stakes-own');
    await held.getByRole('button', { name: /^Take it back/ }).click();
    await held.getByText(/^You can take back 1 SIGN/).waitFor();
    await world().pass(4 * WEEK);
    for (const _ of [1, 2]) await alice.button('Back').click();
    await alice.findRow(new RegExp(address.slice(0, 6), 'i'));
    await alice.button('Take it now').click();
    await stake(alice).getByText(/^You can take back/).waitFor({ state: 'detached' });
    assert.equal(await world().coinsOf('alice'), parseUnits('1000', 18));
  });

  test('nothing broke the page or its policy', () => assert.deepEqual([bob.faults, spammer.faults], [[], []]));
});

describe('a node that asks new accounts for a stake', () => {
  const settings = ({ accounts, stakes }) => ({
    registration: 'deposit',
    registration_contract: stakes.deposits,
    registration_slots: 2,
    registration_receiver: accounts.find(({ label }) => label === 'dave').address,
  });
  const world = useWorld({ before, after, stakes: true, settings });

  test('who signs in for the first time reads what is asked, stakes it, and finds it among their stakes', async () => {
    const alice = await world().person('alice');
    await alice.open();
    await alice.button('Connect wallet').click();
    await alice.button('Create keys').click();
    await alice.button('Publish profile').click();
    await alice.chat.getByText(/^New accounts stake 1 SIGN here/).waitFor();
    await looksRight(alice, 'sign-in-stake');
    await isAccessible(alice, 'sign-in-stake');
    assert.equal(await world().coinsOf('alice'), parseUnits('1000', 18));
    await alice.button('Stake 2 SIGN').click();
    await alice.heading.waitFor();
    assert.equal(await world().coinsOf('alice'), parseUnits('998', 18));
    await (await ownStakes(alice)).getByText('Your deposit: 2 SIGN.').waitFor();
    assert.deepEqual(alice.faults, []);
  });
});

/** What somebody has at stake, in the settings. */
async function ownStakes(person) {
  await person.button('Account').click();
  await person.button('Settings').click();
  await person.button(/^Your account/).click();
  return person.chat.locator('.group', { hasText: 'Stakes' });
}
