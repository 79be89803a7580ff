// What somebody has at stake is theirs, whatever their browsers and their node have forgotten: the chain knows. And how much
// room they have at their node, and how they get more.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Interface, Wallet, parseUnits, randomBytes } from 'ethers';
import { Sender, rpc } from '../localnet/chain.mjs';
import { SLOT } from '../localnet/stakes.mjs';
import { isAccessible } from './axe.mjs';
import { Dm3Client } from './client.mjs';
import { looksRight, until, useWorld } from './support.mjs';

const WEEK = 7 * 24 * 60 * 60;

/** A group of what is the account's own. */
async function ownGroup(person, heading) {
  await person.button('Account').click();
  await person.button('Settings').click();
  await person.button(/^Your account/).click();
  return person.chat.locator('.group', { hasText: heading });
}

describe('a browser and a history that are empty', () => {
  const world = useWorld({ before, after, stakes: true });
  let alice;
  let stakes;

  /** Closes somebody's page once the node has their history, and deletes all of that. Gives a browser that knows nothing. */
  async function forget(person) {
    const { net } = world();
    const client = new Dm3Client(net, world().account('alice'));
    await client.makeProfile();
    const authorization = `Bearer ${await client.logIn()}`;
    const history = `${net.nodeUrl}/api/history/${client.alias}`;
    const list = async () => {
      const reply = await fetch(`${history}/changes?after=0&limit=1000`, { headers: { authorization } });
      assert.equal(reply.status, 200, await reply.clone().text());
      return (await reply.json()).records.filter(({ data }) => data !== null);
    };
    await until('the node has it', async () => (await list()).length > 0);
    await person.leave();
    for (const { conversation, id, version } of await list()) {
      const headers = { authorization, 'if-match': `"${version}"` };
      const reply = await fetch(`${history}/records/${conversation}/${id}`, { method: 'DELETE', headers });
      assert(reply.ok, await reply.text());
    }
    assert.deepEqual(await list(), []);
    const other = await world().person('alice');
    await other.signIn();
    return other;
  }

  /** Offers bob a payment by the wallet alone, of which no device knows. */
  async function offer(label, amount) {
    const { net } = world();
    const { attention, token } = net.stakes;
    const payer = world().account(label).address;
    const { timestamp } = await rpc(net.rpcUrl, 'eth_getBlockByNumber', ['latest', false]);
    const request = [payer, world().account('bob').address, token, amount, BigInt(timestamp) + BigInt(WEEK), randomBytes(32)];
    const abi = new Interface([
      'function approve(address,uint256)',
      'function offer((address,address,address,uint128,uint64,bytes32))',
    ]);
    const sender = new Sender(net.rpcUrl);
    await sender.send({ from: payer, to: token, data: abi.encodeFunctionData('approve', [attention, amount]) });
    await sender.send({ from: payer, to: attention, data: abi.encodeFunctionData('offer', [request]) });
  }

  before(async () => {
    const { net } = world();
    const { address, privateKey } = Wallet.createRandom();
    const receiver = new Dm3Client(net, { address, privateKey });
    await receiver.signUp();
    const { deposits: contract, token } = net.stakes;
    const rule = { rule: 'deposit', chain: net.chainId, contract, token, slot: `${SLOT}`, slots: 1 };
    const reply = await fetch(`${net.nodeUrl}/ds/settings/${receiver.alias}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${await receiver.logIn()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ spamRules: [rule] }),
    });
    assert.equal(reply.status, 200, await reply.text());
    const device = await world().person('alice');
    await device.signUp();
    await device.writeTo(address);
    await device.button('Stake 1 SIGN').click();
    await device.chat.locator('.stake').getByText('Your deposit: 1 SIGN.').waitFor();
    await device.send('Good morning');
    await device.log.getByText(/· sent/).waitFor();
    await offer('alice', parseUnits('2', 18));
    assert.equal(await world().coinsOf('alice'), parseUnits('997', 18));
    alice = await forget(device);
  });

  test('the deposit is found by what the chain says of the contract that the node names', async () => {
    assert.equal(await alice.chat.locator('.row').count(), 0);
    stakes = await ownGroup(alice, 'Stakes');
    await stakes.getByText('Your deposit: 1 SIGN.').waitFor();
    await stakes.getByText(/^This device does not have its key/).waitFor();
    await stakes.getByText(/^The whole chain was looked through/).waitFor();
    await looksRight(alice, 'stakes-found');
    await isAccessible(alice, 'stakes-found');
  });

  test('a payment is found at the contract whose address somebody knows', async () => {
    const field = stakes.getByLabel('Something missing? Address of its contract');
    await field.fill('0x1234');
    await field.press('Enter');
    await stakes.getByText('This is no address.').waitFor();
    await field.fill(world().account('mallory').address);
    await field.press('Enter');
    await stakes.getByText(/holds neither stakes nor payments/).waitFor();
    await field.fill(world().net.stakes.attention);
    await field.press('Enter');
    await stakes.getByText(/^2 SIGN waits for an answer from 0x/).waitFor();
    await looksRight(alice, 'payment-found');
    await isAccessible(alice, 'payment-found');
  });

  test('both come back to the wallet, also of who emptied the browser a second time', async () => {
    await stakes.getByRole('button', { name: /^Take it back/ }).click();
    await stakes.getByText(/^You can take back 1 SIGN/).waitFor();
    alice = await forget(alice);
    // Nobody signs in at a chain that is weeks ahead of the node: what its gateway signs is over there.
    await world().pass(4 * WEEK);
    stakes = await ownGroup(alice, 'Stakes');
    await stakes.getByRole('button', { name: /^Take it now/ }).click();
    await stakes.getByText(/^You can take back/).waitFor({ state: 'detached' });
    assert.equal(await world().coinsOf('alice'), parseUnits('998', 18));
    await stakes.getByLabel('Something missing? Address of its contract').fill(world().net.stakes.attention);
    await stakes.getByRole('button', { name: 'Look there' }).click();
    await stakes.getByText(/has not taken 2 SIGN in time/).waitFor();
    await stakes.getByRole('button', { name: /^Take it back/ }).click();
    await stakes.getByText(/has not taken/).waitFor({ state: 'detached' });
    assert.equal(await world().coinsOf('alice'), parseUnits('1000', 18));
    assert.deepEqual(alice.faults, []);
  });
});

describe('a node that keeps more of who has something at stake', () => {
  const settings = ({ accounts, stakes }) => ({
    storage_limit: 2_000_000,
    blob_account_limit: 1_000,
    staked_storage_limit: 9_000_000,
    staked_blob_account_limit: 50_000_000,
    staked_contract: stakes.deposits,
    staked_slots: 2,
    staked_receiver: accounts.find(({ label }) => label === 'shop').address,
  });
  const world = useWorld({ before, after, stakes: true, settings });

  test('how much room there is stands in the settings, and a stake gives more at once', async () => {
    const alice = await world().person('alice');
    await alice.signUp();
    const room = await ownGroup(alice, 'Room at your node');
    await room.getByText(/ of 2 MB used/).waitFor();
    await room.getByText('0 bytes of 1 KB used, 1 KB free').waitFor();
    await room.getByText(/^With 1 SIGN at stake towards your node’s operator you have 9 MB for your history, 50 MB for files\./).waitFor();
    await looksRight(alice, 'room-offer');
    await isAccessible(alice, 'room-offer');
    await room.getByText(/You deposit 2 SIGN: one half for this week/).waitFor();
    await room.getByRole('button', { name: 'Stake 2 SIGN' }).click();
    await room.getByText(/^So much because you have 1 SIGN at stake/).waitFor();
    await room.getByText('0 bytes of 50 MB used, 50 MB free').waitFor();
    await alice.chat.locator('.group', { hasText: 'Stakes' }).getByText('Your deposit: 2 SIGN.').waitFor();
    await looksRight(alice, 'room-staked');
    await isAccessible(alice, 'room-staked');
    assert.equal(await world().coinsOf('alice'), parseUnits('998', 18));
    assert.deepEqual(alice.faults, []);
  });
});
