// Burns that a node brings to a real chain while fees rise: no block is made but by the test, and what it takes for gas is said.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseUnits } from 'ethers';
import { Dm3Client } from '../e2e/client.mjs';
import { relayAccount, rpc } from './chain.mjs';
import { startLocalnet } from './index.mjs';
import { waitFor } from './process.mjs';
import { talkToExample } from './program.mjs';
import { SLOT } from './stakes.mjs';

let net;
const running = [];
const person = (label) => net.accounts.find((account) => account.label === label);
const ask = (method, ...params) => rpc(net.rpcUrl, method, params);

before(async () => {
  net = await startLocalnet({ stakes: true, settings: { relay_gwei_per_day_per_account: 10_000_000 } });
});
after(async () => {
  for (const { stop } of running) await stop();
  await net?.stop();
});

async function talk(label) {
  const talking = await talkToExample('stakes', [net.nodeUrl], { DM3_PRIVATE_KEY: person(label).privateKey });
  running.push(talking);
  return talking;
}

/** What waits in the chain's node of the account that pays. */
async function offered() {
  const { pending, queued } = await ask('txpool_content');
  const of = (pool) => Object.entries(pool).filter(([from]) => from.toLowerCase() === relayAccount().address.toLowerCase());
  const waiting = [...of(pending), ...of(queued)].flatMap(([, byNumber]) => Object.values(byNumber));
  return waiting.map(({ hash, nonce, maxFeePerGas }) => ({ hash, nonce, fee: BigInt(maxFeePerGas) }));
}

test('a burn that fees have risen above is offered for more, also after a restart, and is on the chain once', async () => {
  const carol = await talk('carol');
  const client = new Dm3Client(net, person('carol'));
  await client.signUp();
  const token = await client.logIn();
  const { deposits: contract, token: coin } = net.stakes;
  const rule = { rule: 'deposit', chain: net.chainId, contract, token: coin, slot: `${SLOT}`, slots: 1 };
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ spamRules: [rule] });
  const kept = await fetch(`${net.nodeUrl}/ds/settings/${client.alias}`, { method: 'PUT', headers, body });
  assert.equal(kept.status, 200);
  const mallory = await talk('mallory');
  const spam = (await mallory.ask(`write ${person('carol').address} Buy this!`)).replace('sent ', '');
  assert.match(await carol.ask('read'), /: 1 burnable, 0 burned$/);
  const told = async () => {
    const reply = await fetch(`${net.nodeUrl}/ds/deposits/${client.alias}/burns`, { headers });
    return (await reply.json()).burns[0];
  };

  await ask('evm_setAutomine', false);
  await ask('anvil_setNextBlockBaseFeePerGas', '0x3b9aca00');
  await ask('evm_mine');
  assert.equal(await carol.ask(`relay ${spam}`), 'asked for');
  const [first] = await waitFor('the first offer', async () => (await offered())[0] && offered(), { timeout: 30_000 });
  assert.equal((await told()).transaction, first.hash);

  // Fees rise fivefold: the block does not take it, and the node offers more.
  const high = parseUnits('10', 'gwei');
  assert.ok(first.fee < high);
  await ask('anvil_setNextBlockBaseFeePerGas', `0x${high.toString(16)}`);
  await ask('evm_mine');
  let most = 0;
  const higher = async () => {
    const waiting = await offered();
    most = Math.max(most, waiting.length);
    // A chain's node may forget what its blocks do not take.
    return waiting[0]?.hash !== first.hash && waiting[0];
  };
  const second = await waitFor('a higher offer', higher, { timeout: 40_000 });
  assert.equal(most, 1, 'there is never more than one');
  assert.equal(second.nonce, first.nonce);
  assert.ok(second.fee >= high && second.fee * 8n >= first.fee * 9n, `${second.fee}`);
  assert.equal((await told()).transaction, second.hash);

  await net.stopNode();
  await net.startNode();
  assert.equal((await told()).state, 'waiting');
  const before = await ask('eth_getTransactionCount', relayAccount().address, 'latest');
  await ask('evm_setAutomine', true);
  await ask('evm_mine');
  await waitFor('the burn', async () => (await told()).state === 'burned', { timeout: 40_000 });
  const after = await ask('eth_getTransactionCount', relayAccount().address, 'latest');
  assert.equal(BigInt(after) - BigInt(before), 1n);
  assert.equal((await told()).transaction, second.hash);
  assert.equal(await carol.ask(`worth ${spam}`), '0 burnable, 1 burned');
  assert.equal(await mallory.ask('deposits'), `open ${SLOT * 7n}`);
  assert.deepEqual(await offered(), []);
});
