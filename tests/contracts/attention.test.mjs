// A payment for being answered goes to who answers, in time, or back.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Signature, id, toBeHex } from 'ethers';
import { World } from './world.mjs';

const AMOUNT = 5_000n;
const ANSWER = id('the answer');
/** The longest time that a payment may be held, in seconds. */
const LONGEST = 90 * 24 * 60 * 60;
const AUTHORIZATION = ['address from', 'address to', 'uint256 value', 'uint256 validAfter', 'uint256 validBefore', 'bytes32 nonce'];
const PERMIT = ['address owner', 'address spender', 'uint256 value', 'uint256 nonce', 'uint256 deadline'];
const typed = (members) => members.map((it) => ({ type: it.split(' ')[0], name: it.split(' ')[1] }));

let world;
let alice;
let bob;
let mallory;
let contract;
before(async () => {
  world = await World.start('Attention.sol');
  ({ alice, bob, mallory } = world.people);
  contract = await world.deploy('Attention');
});
after(() => world?.stop());

/** A token of which Alice has some, and a request of hers to Bob. */
async function ready(kind = 'SigningToken', given = {}) {
  const token = await world.deploy(kind);
  if (kind !== 'LyingToken') {
    for (const account of [alice, mallory]) {
      await world.send(account, token, 'mint', account, 1_000_000n);
      await world.send(account, token, 'approve', contract.address, 1_000_000n);
    }
  }
  const until = (await world.now()) + 3600;
  const request = { payer: alice, receiver: bob, token: token.address, amount: AMOUNT, until, topic: toBeHex(7, 32), ...given };
  return { token, request };
}

const send = (from, method, ...args) => world.send(from, contract, method, ...args);
const payment = async (request) => [...(await world.call(contract, 'payments', await world.call(contract, 'idOf', request)))];
const [HELD, DONE] = [1n, 2n];

test('who answers in time has the payment, once', async () => {
  const { token, request } = await ready();
  await send(alice, 'offer', request);
  assert.deepEqual(await payment(request), [HELD, AMOUNT]);
  await world.refuses('NotReceiver', send(mallory, 'claim', request, ANSWER));
  await world.refuses('NotReceiver', send(alice, 'claim', request, ANSWER));
  await world.refuses('NoAnswer', send(bob, 'claim', request, toBeHex(0, 32)));
  await world.refuses('TooEarly', send(alice, 'giveBack', request));
  const { events } = await send(bob, 'claim', request, ANSWER);
  assert.deepEqual(events.map(({ name, args }) => [name, args.answer]), [['Claimed', ANSWER]]);
  assert.equal(await world.balance(token, bob), AMOUNT);
  await world.refuses('NotHeld', send(bob, 'claim', request, ANSWER));
  await world.refuses('OfferedBefore', send(alice, 'offer', request));
  await world.goTo(request.until + 1);
  await world.refuses('NotHeld', send(alice, 'giveBack', request));
  assert.deepEqual(await payment(request), [DONE, AMOUNT]);
});

test('what is not claimed goes back to who paid, whoever asks for it', async () => {
  const { token, request } = await ready();
  await send(alice, 'offer', request);
  await world.ask('evm_setNextBlockTimestamp', request.until);
  await world.refuses('TooEarly', send(mallory, 'giveBack', request));
  await world.goTo(request.until + 1);
  await world.refuses('TooLate', send(bob, 'claim', request, ANSWER));
  await send(mallory, 'giveBack', request);
  await world.refuses('NotHeld', send(mallory, 'giveBack', request));
  assert.equal(await world.balance(token, alice), 1_000_000n);
});

test('a time is offered and claimed to its last second', async () => {
  for (const time of [1, LONGEST]) {
    const at = (await world.now()) + 60;
    const { token, request } = await ready('SigningToken', { until: at + time });
    const had = await world.balance(token, bob);
    await world.ask('evm_setNextBlockTimestamp', at);
    await send(alice, 'offer', request);
    await world.ask('evm_setNextBlockTimestamp', request.until);
    await send(bob, 'claim', request, ANSWER);
    assert.equal(await world.balance(token, bob), had + AMOUNT);
  }
});

test('a receiver without coins claims by a signature that somebody brings', async () => {
  const { token, request } = await ready();
  await send(alice, 'offer', request);
  const domain = { name: 'dm3 attention', version: '1', chainId: 31337, verifyingContract: contract.address };
  const Claim = typed(['bytes32 request', 'bytes32 answer']);
  const wish = { request: await world.call(contract, 'idOf', request), answer: ANSWER };
  const forged = await world.wallets.mallory.signTypedData(domain, { Claim }, wish);
  await world.refuses('NotReceiver', send(mallory, 'claimFor', request, ANSWER, forged));
  const signed = await world.wallets.bob.signTypedData(domain, { Claim }, wish);
  await world.refuses('NotReceiver', send(mallory, 'claimFor', request, id('another'), signed));
  await send(mallory, 'claimFor', request, ANSWER, signed);
  assert.equal(await world.balance(token, bob), AMOUNT);
});

test('nobody offers what is another’s, nothing, or for ever', async () => {
  const { request } = await ready();
  await world.refuses('NotPayer', send(mallory, 'offer', request));
  await world.refuses('NotPayer', send(mallory, 'offerWithPermit', request, 0, 27, toBeHex(1, 32), toBeHex(1, 32)));
  let at = await world.now();
  for (const away of [-1, 0, LONGEST + 1]) {
    at += 10;
    await world.ask('evm_setNextBlockTimestamp', at);
    await world.refuses('NoSuchTime', send(alice, 'offer', { ...request, until: at + away }));
  }
  const lie = await ready('LyingToken');
  await world.refuses('NothingArrived', send(alice, 'offer', lie.request));
  await world.refuses('NotHeld', send(bob, 'claim', lie.request, ANSWER));
});

test('of a token with a fee, what arrived is paid', async () => {
  const { request } = await ready('FeeToken');
  await send(alice, 'offer', request);
  assert.deepEqual(await payment(request), [HELD, (AMOUNT * 9n) / 10n]);
  await send(bob, 'claim', request, ANSWER);
});

test('a signed allowance or a signed payment needs no transaction before, and is for this request alone', async () => {
  const { token, request } = await ready();
  await world.send(alice, token, 'approve', contract.address, 0);
  const domain = { name: 'Signing', version: '1', chainId: 31337, verifyingContract: token.address };
  const sign = async (types, value) => {
    const { v, r, s } = Signature.from(await world.wallets.alice.signTypedData(domain, types, value));
    return [v, r, s];
  };
  const allowed = { owner: alice, spender: contract.address, value: AMOUNT, nonce: 0, deadline: request.until };
  const permit = await sign({ Permit: typed(PERMIT) }, allowed);
  // Somebody uses the allowance before.
  await world.send(mallory, token, 'permit', alice, contract.address, AMOUNT, request.until, ...permit);
  await send(alice, 'offerWithPermit', request, request.until, ...permit);
  assert.deepEqual(await payment(request), [HELD, AMOUNT]);

  const next = { ...request, topic: toBeHex(8, 32) };
  const nonce = await world.call(contract, 'idOf', next);
  const paid = { from: alice, to: contract.address, value: AMOUNT, validAfter: 0, validBefore: next.until, nonce };
  const signed = await sign({ ReceiveWithAuthorization: typed(AUTHORIZATION) }, paid);
  for (const change of [{ receiver: mallory }, { until: next.until - 1 }, { topic: toBeHex(9, 32) }, { amount: 1n }]) {
    await assert.rejects(send(mallory, 'offerSigned', { ...next, ...change }, ...signed), /revert|not signed/);
  }
  await send(mallory, 'offerSigned', next, ...signed);
  assert.deepEqual(await payment(next), [HELD, AMOUNT]);
  assert.equal(await world.balance(token, alice), 1_000_000n - 2n * AMOUNT);
});

test('nothing counts twice when a token calls its payer in the midst of moving', async () => {
  const { token, request } = await ready('CallingToken');
  const thief = await world.deploy('Thief', ['address'], [token.address]);
  await world.send(alice, token, 'mint', thief.address, 10n * AMOUNT);
  await world.send(alice, token, 'tell', thief.address);
  const own = { ...request, payer: thief.address, receiver: thief.address };
  const other = { ...own, topic: toBeHex(8, 32) };
  const data = (method, ...args) => contract.abi.encodeFunctionData(method, args);
  const act = (outer, inner) => world.send(alice, thief, 'act', contract.address, outer, inner);
  const isRefused = (outer, inner) => world.refuses('ReentrancyGuardReentrantCall', act(outer, inner));
  const permit = [0, 27, toBeHex(1, 32), toBeHex(1, 32)];
  await isRefused(data('offer', own), data('offer', other));
  await isRefused(data('offer', own), data('offerWithPermit', other, ...permit));
  await isRefused(data('offerWithPermit', own, ...permit), data('offer', other));
  await isRefused(data('offer', own), data('offerSigned', other, 27, toBeHex(1, 32), toBeHex(1, 32)));
  await act(data('offer', own), '0x');
  await isRefused(data('offer', other), data('claim', own, ANSWER));
  await isRefused(data('offer', other), data('claimFor', own, ANSWER, '0x'));
  await isRefused(data('claim', own, ANSWER), data('offer', other));
  await world.goTo(request.until + 1);
  const later = { ...other, until: request.until + 3600 };
  await isRefused(data('offer', later), data('giveBack', own));
  await act(data('giveBack', own), '0x');
  assert.equal(await world.balance(token, thief.address), 10n * AMOUNT);
});
