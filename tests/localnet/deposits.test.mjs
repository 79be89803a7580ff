// A node that checks deposits, and the contract that holds them, on one chain.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Wallet, getCreateAddress, toBeHex } from 'ethers';
import { Dm3Client } from '../e2e/client.mjs';
import { Deposits, SLOT, World, slots } from '../contracts/world.mjs';
import { people, rpc } from './chain.mjs';
import { startLocalnet } from './index.mjs';
import { waitFor } from './process.mjs';

let net;
let here;
let alice;
const person = (label) => people().find((account) => account.label === label);

before(async () => {
  const payer = Wallet.createRandom();
  const deployer = person('dave').address;
  // The node is told of contracts before they are there: where the first ones of who makes them will be.
  const contracts = [...Array(16).keys()].map((nonce) => getCreateAddress({ from: deployer, nonce }));
  net = await startLocalnet({
    settings: { relay_private_key: payer.privateKey, relay_contracts: contracts.join(' ') },
  });
  await rpc(net.rpcUrl, 'anvil_setBalance', [payer.address, '0xde0b6b3a7640000']);
  here = await Deposits.in(World.at(net.rpcUrl, 'Deposits.sol'), 'SigningToken', { stays: true });
  alice = new Dm3Client(net, person('alice'));
  await alice.signUp();
});
after(() => net?.stop());

const rule = (count) => ({
  rule: 'deposit',
  chain: net.chainId,
  contract: here.contract.address,
  token: here.token.address,
  slot: `${SLOT}`,
  slots: count,
});

/** Somebody who demands a deposit. */
async function demanding(label, count) {
  const client = new Dm3Client(net, person(label));
  await client.signUp();
  const headers = { authorization: `Bearer ${await client.logIn()}`, 'content-type': 'application/json' };
  const ask = async (path, options, more = '', status = 200) => {
    const response = await fetch(`${net.nodeUrl}/ds/${path}/${client.alias}${more}`, { headers, ...options });
    assert.equal(response.status, status);
    return response.json();
  };
  await ask('settings', { method: 'PUT', body: JSON.stringify({ spamRules: [rule(count)] }) });
  return { client, ask, address: person(label).address };
}

/** A voucher as it travels. */
async function voucher(key, receiver, given) {
  const [promise, signature] = await here.voucher(key, person('alice').address, receiver, given);
  return { ...promise, chain: net.chainId, contract: here.contract.address, signature };
}

/** Alice writes; gives the refusal, or nothing. */
async function write(to, beside) {
  const envelope = JSON.stringify(await alice.envelope({ to: to.client.alias, text: 'hi' }));
  const params = beside ? [envelope, JSON.stringify(beside)] : [envelope];
  const request = { jsonrpc: '2.0', id: 1, method: 'dm3_submitMessage', params };
  const response = await fetch(`${net.nodeUrl}/ds/rpc`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  return (await response.json()).error;
}

test('a stranger gets through with a deposit, loses it for spam, and all of it for promising twice', async () => {
  const bob = await demanding('bob', 2);
  const carol = await demanding('carol', 1);
  const { code, data } = await write(bob);
  assert.deepEqual([code, data], [-32010, rule(2)]);

  const key = await here.by(person('alice').address, 20n * SLOT);
  const toBob = await voucher(key, bob.address, { first: 3, count: 2 });
  assert.equal(await write(bob, toBob), undefined);
  assert.equal((await bob.client.incoming(await bob.client.logIn())).length, 1);

  // It was spam.
  await here.send(bob.address, 'burn', toBob, toBob.signature, slots(3, 1));
  assert.equal(await here.left(person('alice').address, key), 19n * SLOT);

  // More of it burns without a coin of Bob's: the node brings it, once.
  const burned = slots(4, 1);
  const wallet = new Wallet(person('bob').privateKey);
  const wish = { voucher: toBob, slots: toBeHex(burned, 32), consent: await here.consent(wallet, toBob, burned) };
  const post = { method: 'POST', body: JSON.stringify(wish) };
  const brought = await bob.ask('deposits', post, '/burns');
  const settled = await waitFor('the burn', async () => {
    const { burns } = await bob.ask('deposits', {}, '/burns');
    return burns[0].state === 'waiting' ? null : burns[0];
  });
  assert.deepEqual(settled, { ...brought, state: 'burned' });
  assert.deepEqual(await bob.ask('deposits', post, '/burns'), settled);
  assert.equal(await here.left(person('alice').address, key), 18n * SLOT);
  const receipt = await rpc(net.rpcUrl, 'eth_getTransactionReceipt', [settled.transaction]);
  assert.equal(receipt.status, '0x1');
  // The contract says what a burn of nothing that is left is.
  const again = { ...wish, slots: toBeHex(slots(3, 1), 32), consent: await here.consent(wallet, toBob, slots(3, 1)) };
  const refused = await bob.ask('deposits', { method: 'POST', body: JSON.stringify(again) }, '/burns', 400);
  assert.equal(refused.reason, 'burned');

  const toCarol = await voucher(key, carol.address, { first: 4, count: 3 });
  assert.equal((await write(carol, toCarol)).code, -32010);
  const { doubleUses } = await carol.ask('deposits', {});
  assert.equal(doubleUses.length, 1);
  assert.deepEqual((await bob.ask('deposits', {})).doubleUses, doubleUses);
  const [[one, other]] = doubleUses;
  await here.send(carol.address, 'proveDoubleUse', one, one.signature, other, other.signature);
  assert.equal(await here.left(person('alice').address, key), 0n);
});
