// Deposits from end to end, without a browser: the core's sender and receiver, the node, and the contract on a real chain.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Contract, NonceManager, Wallet, formatUnits, parseUnits, toBeHex } from 'ethers';
import { Dm3Client } from '../e2e/client.mjs';
import { ensProvider, rpc } from './chain.mjs';
import { startLocalnet } from './index.mjs';
import { waitFor } from './process.mjs';
import { talkToExample } from './program.mjs';
import { SLOT } from './stakes.mjs';

const WEEK = 7 * 24 * 60 * 60;
const type = (members) => Object.entries(members).map(([name, type]) => ({ name, type }));
const VOUCHER = {
  Voucher: type({ sender: 'address', receiver: 'address', epoch: 'uint64', first: 'uint16', count: 'uint16', topic: 'bytes32' }),
};

let net;
let provider;
let coins;
const running = [];
const person = (label) => net.accounts.find((account) => account.label === label);
const held = async (label) => formatUnits(await coins.balanceOf(person(label).address));

before(async () => {
  const settings = ({ accounts, stakes }) => ({
    // What is free, and what there is for two slots.
    blob_account_limit: 1_000,
    staked_blob_account_limit: 3_000,
    staked_contract: stakes.deposits,
    staked_slots: 2,
    staked_receiver: accounts.find(({ label }) => label === 'shop').address,
  });
  net = await startLocalnet({ stakes: true, settings });
  provider = ensProvider(net);
  coins = new Contract(net.stakes.token, ['function balanceOf(address) view returns (uint256)'], provider);
});
after(async () => {
  for (const { stop } of running) await stop();
  provider?.destroy();
  await net?.stop();
});

/** Somebody at a terminal. */
async function talk(label) {
  const talking = await talkToExample('stakes', [net.nodeUrl], { DM3_PRIVATE_KEY: person(label).privateKey });
  running.push(talking);
  assert.equal(talking.line, `${person(label).address} is here`);
  return talking;
}

/** The message that was sent, as was told. */
function sentBy(told) {
  assert.match(told, /^sent 0x[0-9a-f]{64}$/);
  return told.slice('sent '.length);
}

/** Lets a node demand a deposit for somebody who is signed up there. */
async function demand(label, slots) {
  const client = new Dm3Client(net, person(label));
  await client.signUp();
  const { deposits: contract, token } = net.stakes;
  const rule = { rule: 'deposit', chain: net.chainId, contract, token, slot: `${SLOT}`, slots };
  const response = await fetch(`${net.nodeUrl}/ds/settings/${client.alias}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${await client.logIn()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ spamRules: [rule] }),
  });
  assert.equal(response.status, 200);
}

test('a spammer loses what they staked by the receiver’s word, and an honest sender has theirs back after leaving', async () => {
  const bob = await talk('bob');
  await demand('bob', 2);
  const [spammer, honest] = [await talk('mallory'), await talk('alice')];
  let spam;
  for (const [sender, text] of [[honest, 'Do you have a minute?'], [spammer, 'Buy this!']]) {
    spam = sentBy(await sender.ask(`write bob.eth ${text}`));
    // Two slots a receiver, for four of them a week, and as much for the weeks between.
    assert.equal(await sender.ask('deposits'), `open ${parseUnits('8', 18)}`);
  }
  assert.equal(await held('mallory'), '992.0');

  const came = (await bob.ask('read')).split('; ');
  assert.deepEqual(came.map((line) => line.split(': ')[1]), Array(2).fill('2 burnable, 0 burned'));
  assert.equal(await bob.ask(`burn ${spam}`), '0 burnable, 2 burned');
  assert.equal(await spammer.ask('deposits'), `open ${parseUnits('7', 18)}`);

  // The node burns for somebody else who has no coins.
  const carol = await talk('carol');
  await demand('carol', 1);
  const more = sentBy(await spammer.ask(`write ${person('carol').address} Buy this!`));
  assert.match(await carol.ask('read'), /: 1 burnable, 0 burned$/);
  assert.equal(await carol.ask(`relay ${more}`), 'asked for');
  const worth = await waitFor('the node to burn', async () => (await carol.ask(`worth ${more}`)) === '0 burnable, 1 burned');
  assert.ok(worth);
  assert.equal(await spammer.ask('deposits'), `open ${parseUnits('6.5', 18)}`);

  // The same slots go along with whatever the honest one writes this week.
  assert.match(await honest.ask('write bob.eth Thank you'), /^sent 0x/);
  assert.match(await bob.ask('read'), /: 2 burnable, 0 burned$/);

  for (const sender of [honest, spammer]) assert.equal(await sender.ask('leave'), 'done');
  assert.match(await honest.ask('deposits'), /^leaving 8000000000000000000 in [0-9]+$/);
  assert.match(await honest.ask('withdraw'), /^failed/, 'three weeks later, not now');
  await rpc(net.rpcUrl, 'evm_increaseTime', [4 * WEEK]);
  await rpc(net.rpcUrl, 'evm_mine');
  for (const sender of [honest, spammer]) {
    assert.equal(await sender.ask('withdraw'), 'done');
    assert.equal(await sender.ask('deposits'), 'closed');
  }
  assert.deepEqual([await held('alice'), await held('mallory')], ['1000.0', '998.5']);
});

/** Somebody who is signed in at the node, by what they ask it for. */
async function asking(label) {
  const client = new Dm3Client(net, person(label));
  await client.signUp();
  const token = await client.logIn();
  const ask = async (path, body) => {
    const response = await fetch(`${net.nodeUrl}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, ...(await response.json()) };
  };
  return {
    begin: (size) => ask(`/ds/blobs/${client.alias}`, { size, hash: 'ab'.repeat(32) }),
    stake: (voucher) => ask(`/ds/deposits/${client.alias}/room`, voucher),
  };
}

/** A voucher for the operator, of the week that it is for the node. */
async function voucherOf(key, sender, count) {
  const given = {
    sender,
    receiver: person('shop').address,
    epoch: Math.floor(Date.now() / 1000 / WEEK),
    first: 0,
    count,
    topic: toBeHex(7, 32),
  };
  const contract = net.stakes.deposits;
  const domain = { name: 'dm3 deposit', version: '1', chainId: net.chainId, verifyingContract: contract };
  const signature = await key.signTypedData(domain, VOUCHER, given);
  return { chain: net.chainId, contract, ...given, signature };
}

test('who stakes in the contract has more room for files, and who has no deposit there has not', async () => {
  const dave = person('dave');
  const [owner, stranger] = [await asking('dave'), await asking('collector')];
  const price = {
    kind: 'deposit',
    chain: net.chainId,
    contract: net.stakes.deposits,
    token: net.stakes.token,
    slot: `${SLOT}`,
    slots: 2,
    receiver: person('shop').address,
  };
  assert.equal((await owner.begin(1_000)).status, 201);
  const { error, ...refusal } = await owner.begin(500);
  assert.match(error, /all of its room/);
  const limits = { historyBytes: 5_000_000_000, fileBytes: 3_000 };
  assert.deepEqual(refusal, { status: 507, reason: 'free_share', price, limits });

  const wallet = new NonceManager(new Wallet(dave.privateKey, provider));
  const [token, deposits] = [
    new Contract(net.stakes.token, ['function approve(address,uint256)'], wallet),
    new Contract(net.stakes.deposits, ['function deposit(address,uint256)'], wallet),
  ];
  const key = Wallet.createRandom();
  for (const send of [
    () => token.approve(net.stakes.deposits, SLOT * 4n),
    () => deposits.deposit(key.address, SLOT * 4n),
  ]) {
    await (await send()).wait();
  }
  const few = await owner.stake(await voucherOf(key, dave.address, 1));
  assert.deepEqual([few.status, few.reason], [400, 'not_staked']);
  const nothing = await stranger.stake(await voucherOf(key, person('collector').address, 2));
  assert.deepEqual([nothing.status, nothing.reason], [400, 'not_staked']);
  assert.equal((await stranger.begin(1_001)).status, 507);
  const has = await owner.stake(await voucherOf(key, dave.address, 2));
  assert.deepEqual(has, { status: 200, limits, staked: { price, limits } });
  assert.equal((await owner.begin(2_000)).status, 201);
  const full = await owner.begin(1);
  assert.deepEqual([full.status, full.price], [507, undefined]);
});
