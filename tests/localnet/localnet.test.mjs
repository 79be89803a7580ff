// The local network as an independent client (ethers) and the reference's libraries see it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Contract, formatUnits } from 'ethers';
import { createKeyPair, createSigningKeyPair } from '@dm3-org/dm3-lib-crypto';
import { Dm3Client, resolveProfile } from '../e2e/client.mjs';
import { DELIVERY_SERVICE_RECORD, NODE_NAME, ensProvider } from './chain.mjs';
import { startLocalnet } from './index.mjs';

describe('the local network', () => {
  let net;
  let provider;
  const account = (label) => net.accounts.find((account) => account.label === label);

  before(async () => {
    net = await startLocalnet({ stakes: true });
    provider = ensProvider(net);
  });
  after(async () => {
    provider?.destroy();
    await net?.stop();
  });

  test('names resolve to their accounts and back', async () => {
    for (const { name, address } of net.accounts.filter(({ name }) => name)) {
      assert.equal(await provider.resolveName(name), address);
      assert.equal(await provider.lookupAddress(address), name);
    }
  });

  test('an account without a name has none', async () => {
    assert.equal(account('carol').name, undefined);
    assert.equal(await provider.lookupAddress(account('carol').address), null);
  });

  test('an unknown name does not resolve', async () => {
    assert.equal(await provider.resolveName('nobody.eth'), null);
  });

  test('every account is funded', async () => {
    for (const { address } of net.accounts) assert.ok((await provider.getBalance(address)) > 0n);
  });

  test('everybody has some of the token that can be staked, and the contract of deposits is for it', async () => {
    const { deposits, token } = net.stakes;
    const stakes = new Contract(deposits, ['function token() view returns (address)', 'function slot() view returns (uint128)'], provider);
    assert.equal(await stakes.token(), token);
    assert.equal(formatUnits(await stakes.slot()), '0.5');
    const coins = new Contract(token, ['function balanceOf(address) view returns (uint256)'], provider);
    for (const { address } of net.accounts) assert.equal(formatUnits(await coins.balanceOf(address)), '1000.0');
  });

  test('the delivery service is announced with the keys the reference derives from its seed', async () => {
    const record = await (await provider.getResolver(NODE_NAME)).getText(DELIVERY_SERVICE_RECORD);
    assert.deepEqual(JSON.parse(record.replace(/^data:application\/json,/, '')), {
      publicEncryptionKey: (await createKeyPair(net.nodeSeed)).publicKey,
      publicSigningKey: (await createSigningKeyPair(net.nodeSeed)).publicKey,
      url: `${net.nodeUrl}/ds`,
    });
  });

  test('an address name resolves through the gateway, once its profile is published', async () => {
    const carol = new Dm3Client(net, account('carol'));
    assert.equal(await resolveProfile(net, carol.alias), null);
    const { profile } = await carol.signUp();
    assert.deepEqual(await resolveProfile(net, carol.alias), profile);
    assert.equal(await provider.resolveName(carol.alias), account('carol').address);
  });

  test('two clients of the reference libraries exchange a message over the node', async () => {
    const alice = new Dm3Client(net, account('alice'));
    const bob = new Dm3Client(net, account('bob'));
    await alice.signUp();
    await bob.signUp();
    await alice.send(bob.alias, 'Hello Bob');
    const [envelope, ...others] = await bob.incoming(await bob.logIn());
    assert.deepEqual(others, []);
    const message = await bob.open(envelope);
    assert.equal(message.message, 'Hello Bob');
    assert.equal(message.metadata.from, alice.alias);
  });

  test('the node finds its deployment on real contracts well, and a node that is down wrong', async () => {
    const text = await net.checkNode();
    for (const part of ['Ethereum node', 'ENS record', 'name gateway', 'public address']) {
      assert.match(text, new RegExp(`^ok +${part}: `, 'm'));
    }
    assert.doesNotMatch(text, /WRONG/);
    await net.stopNode();
    await assert.rejects(net.checkNode(), /WRONG +public address: .*no answer/);
    await net.startNode();
  });

  test('the node comes back on the same address after a stop', async () => {
    const reachable = () => fetch(`${net.nodeUrl}/.well-known/dm3`).then((response) => response.ok);
    assert.equal(await reachable(), true);
    await net.stopNode();
    await assert.rejects(reachable());
    await net.startNode();
    assert.equal(await reachable(), true);
  });
});

test('nothing outlives a killed parent', async () => {
  const script = `
    import { startLocalnet } from ${JSON.stringify(new URL('./index.mjs', import.meta.url).href)};
    const { rpcUrl } = await startLocalnet({ node: false });
    console.log(rpcUrl);
    process.kill(process.pid, 'SIGKILL');`;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: new URL('.', import.meta.url),
  });
  const { stdout } = await run.catch((killed) => killed);
  const rpcUrl = stdout.trim();
  assert.match(rpcUrl, /^http:\/\/127\.0\.0\.1:\d+$/);
  const alive = () => fetch(rpcUrl, { method: 'POST' }).then(() => true, () => false);
  for (let tries = 0; tries < 100 && (await alive()); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(await alive(), false);
});
