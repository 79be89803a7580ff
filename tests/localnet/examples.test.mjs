// The core's example programs against the local network.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { Contract, Wallet, namehash } from 'ethers';
import { Dm3Client } from '../e2e/client.mjs';
import { NODE_NAME, ensProvider } from './chain.mjs';
import { startLocalnet } from './index.mjs';
import { printProfile, runExample, startExample } from './program.mjs';

describe('the examples', () => {
  let net;
  const person = (label) => net.accounts.find((account) => account.label === label);
  const sendMessage = (sender, to, text) =>
    runExample('send_message', [net.nodeUrl, to, text], { DM3_PRIVATE_KEY: sender.privateKey });

  before(async () => {
    net = await startLocalnet();
  });
  after(() => net?.stop());

  test('send_message publishes a profile, writes to somebody, and the message arrives', async () => {
    assert.match(await printProfile(net, 'alice.eth'), /has no dm3 profile/);
    const bob = new Dm3Client(net, person('bob'));
    await bob.signUp();
    const alice = new Dm3Client(net, person('alice'));

    const sent = await sendMessage(person('alice'), 'bob.eth', 'Hello Bob, ünïcode 👋');
    assert.match(sent, new RegExp(`^${person('alice').address} sent 0x[0-9a-f]{64} to ${person('bob').address}$`, 'm'));
    const envelopes = await bob.incoming(await bob.logIn());
    assert.equal(envelopes.length, 1);
    const message = await bob.open(envelopes[0]);
    assert.equal(message.message, 'Hello Bob, ünïcode 👋');
    assert.equal(message.metadata.from, alice.alias);
    assert.ok(sent.includes(envelopes[0].metadata.messageHash));

    // The keys follow from the private key as in the reference, so nothing is published anew.
    await sendMessage(person('alice'), person('bob').address, 'and again');
    assert.equal((await bob.incoming(await bob.logIn())).length, 2);
    const { profile } = await alice.signUp();
    const printed = await printProfile(net, 'alice.eth');
    assert.match(printed, new RegExp(`^account +${person('alice').address}$`, 'm'));
    assert.match(printed, new RegExp(`^found at +${alice.alias.replaceAll('.', '\\.')}$`, 'm'));
    assert.ok(printed.includes(Buffer.from(profile.publicSigningKey, 'base64').toString('hex')), printed);
    assert.ok(printed.includes(`${NODE_NAME}: ${net.nodeUrl}/ds`), printed);
  });

  test('send_message says whom it can not write to', async () => {
    await assert.rejects(sendMessage(person('alice'), 'nobody.eth', 'x'), /nobody is registered as nobody\.eth/);
    await assert.rejects(sendMessage({ privateKey: '0x12' }, 'bob.eth', 'x'), /DM3_PRIVATE_KEY is not/);
  });

  test('echo_bot answers every message, live, with the same text', async (t) => {
    const bot = person('collector');
    const running = await startExample('echo_bot', [net.nodeUrl], { DM3_PRIVATE_KEY: bot.privateKey });
    t.after(() => running.stop());
    assert.equal(running.line, `${bot.address} echoes`);
    const carol = new Dm3Client(net, person('carol'));
    await carol.signUp();
    const texts = ['one', 'two', 'three'];
    for (const text of texts) await carol.send(new Dm3Client(net, bot).alias, text);
    const token = await carol.logIn();
    const deadline = Date.now() + 60_000;
    let envelopes = [];
    while (envelopes.length < texts.length && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      envelopes = await carol.incoming(token);
    }
    const opened = await Promise.all(envelopes.map((envelope) => carol.open(envelope)));
    assert.deepEqual(opened.map(({ message }) => message).sort(), [...texts].sort());
  });

  test('print_profile reads profiles on IPFS, and believes no gateway', async (t) => {
    const provider = ensProvider(net);
    t.after(() => provider.destroy());
    const shop = new Wallet(person('shop').privateKey, provider);
    const { address } = await provider.getResolver('shop.eth');
    const resolver = new Contract(address, ['function setText(bytes32,string,string)'], shop);
    const point = async (cid) =>
      (await resolver.setText(namehash('shop.eth'), 'network.dm3.profile', `ipfs://${cid}`)).wait();

    const profile = Buffer.from(JSON.stringify(await new Dm3Client(net, person('shop')).signUp()));
    const vectors = new URL('../../core/tests/data/vectors/ipfs.json', import.meta.url);
    const { cases } = JSON.parse(await readFile(vectors, 'utf8'));
    const tree = cases.find(({ name }) => name === 'a tree of raw leaves');
    const blocks = new Map(
      [profile, ...Object.values(tree.blocks).map((block) => Buffer.from(block, 'hex'))].map((b) => [sha256(b), b]),
    );
    const asked = new Set();
    const honest = await gateway(t, (hash) => asked.add(hash) && blocks.get(hash));
    const lying = await gateway(t, () => profile.subarray(1));
    const both = ['--ipfs', lying, '--ipfs', honest];

    await point(`f01551220${sha256(profile)}`);
    await assert.rejects(printProfile(net, 'shop.eth'), /no IPFS gateway is set up/);
    await assert.rejects(printProfile(net, 'shop.eth', '--ipfs', lying), /something other than what was asked for/);
    assert.match(await printProfile(net, 'shop.eth', ...both), /^found at +shop\.eth$/m);

    // A document in several blocks arrives whole and is read as any other: the shop did not sign this one.
    asked.clear();
    await point(tree.cid);
    await assert.rejects(printProfile(net, 'shop.eth', ...both), /the dm3 profile of shop\.eth can't be trusted/);
    assert.equal(asked.size, Object.keys(tree.blocks).length);
  });
});

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** A gateway that gives, for each SHA-256 it is asked for, the block that `blockOf` finds. */
async function gateway(t, blockOf) {
  const server = createServer(({ url }, response) => {
    const [, cid] = url.match(/^\/ipfs\/b([a-z2-7]{58})\?format=raw$/);
    // 36 bytes in digits of five bits; the last two bits stand for nothing, the last 32 bytes are the hash.
    const number = [...cid].reduce((sum, digit) => sum * 32n + BigInt(BASE32.indexOf(digit)), 0n);
    response.end(blockOf((number >> 2n).toString(16).slice(-64)));
  });
  t.after(() => server.close());
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${server.address().port}`;
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
