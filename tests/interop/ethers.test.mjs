// Ethereum's own formats: the core against ethers, in both directions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ethers from 'ethers';
import { loadCore } from './build.mjs';
import { everyCase, randomFor } from './random.mjs';

const core = await loadCore();
const coder = ethers.AbiCoder.defaultAbiCoder();
const TUPLE = ['address', 'uint64', 'string', 'bytes', 'string[]'];

test('addresses have the checksum of EIP-55, and a wrong one is refused', async () => {
  const random = randomFor('addresses');
  await everyCase(() => {
    const lower = ethers.hexlify(random.bytes(20));
    assert.equal(core.checksummed(lower), ethers.getAddress(lower));
    const typed = `0x${[...lower.slice(2)].map((c) => (random.below(8) ? c : c.toUpperCase())).join('')}`;
    const correct = ethers.getAddress(lower);
    const mixed = [...correct].map((c, i) => (i > 1 && random.below(20) === 0 ? typed[i] : c)).join('');
    for (const text of [typed, mixed, correct]) assert.equal(core.isAddress(text), ethers.isAddress(text), text);
  });
});

test('wallet signatures lead to their signer', async () => {
  const random = randomFor('signers');
  await everyCase(() => {
    const wallet = new ethers.Wallet(ethers.hexlify(random.bytes(32)));
    const text = random.text(200);
    assert.equal(core.eip191Hash(text), ethers.hashMessage(text));
    const signature = wallet.signMessageSync(text);
    assert.equal(core.recoverSigner(text, signature), wallet.address);
  });
});

test('any numbers in place of a signature lead to the same signer, or to none', async () => {
  const random = randomFor('numbers as signatures');
  await everyCase(() => {
    const text = random.text();
    const bytes = Buffer.concat([random.bytes(64), Buffer.from([27 + random.below(2)])]);
    // Ethers takes only the lower half of s.
    bytes[32] &= 0x3f;
    let expected;
    try {
      expected = ethers.verifyMessage(text, ethers.hexlify(bytes));
    } catch {
      assert.throws(() => core.recoverSigner(text, ethers.hexlify(bytes)));
      return;
    }
    assert.equal(core.recoverSigner(text, ethers.hexlify(bytes)), expected);
  });
});

test('names have the same node and the same DNS encoding', async () => {
  const random = randomFor('nodes');
  await everyCase(() => {
    const name = random.name();
    assert.equal(core.namehash(name), ethers.namehash(name));
    assert.equal(core.dnsEncode(name), ethers.dnsEncode(name, 255));
  });
});

test('what the core encodes ethers decodes, and the other way round', async () => {
  const random = randomFor('abi');
  await everyCase(() => {
    const address = ethers.getAddress(ethers.hexlify(random.bytes(20)));
    const number = random.bytes(8).readBigUInt64BE(0);
    const [text, bytes] = [random.text(80), random.bytes(random.below(100))];
    const texts = random.list(6, () => random.text(40));
    const encoded = core.abiEncode(address, number, text, bytes, texts);
    const values = [address, number, text, bytes, texts];
    assert.equal(encoded, coder.encode(TUPLE, values));
    const decoded = core.Decoded.of(encoded);
    assert.deepEqual(
      [decoded.address, decoded.number, decoded.text, decoded.bytes, decoded.texts],
      [address, number, text, ethers.hexlify(bytes), texts],
    );
  });
});

test('what the core decodes from damaged data ethers decodes alike', async () => {
  const random = randomFor('damaged abi');
  let readable = 0;
  await everyCase(() => {
    const values = [ethers.ZeroAddress, 7n, random.text(20), random.bytes(40), [random.text(5), random.text(5)]];
    const bytes = ethers.getBytes(coder.encode(TUPLE, values));
    bytes[random.below(bytes.length)] ^= 1 << random.below(8);
    let decoded;
    try {
      decoded = core.Decoded.of(ethers.hexlify(bytes));
    } catch {
      return;
    }
    readable++;
    const theirs = coder.decode(TUPLE, bytes, true).toArray();
    const ours = [decoded.address, decoded.number, decoded.text, decoded.bytes, decoded.texts];
    assert.deepEqual(ours, [...theirs.slice(0, 4), theirs[4].toArray()]);
  });
  assert.ok(readable > 100, `only ${readable} could still be read`);
});

test('calls for records are those of ENSIP-10', async () => {
  const random = randomFor('calls');
  const ens = new ethers.Interface([
    'function resolve(bytes name, bytes data) view returns (bytes)',
    'function text(bytes32 node, string key) view returns (string)',
    'function addr(bytes32 node) view returns (address)',
  ]);
  await everyCase(() => {
    const [name, key] = [random.name(), random.text(30)];
    const [dns, node] = [ethers.dnsEncode(name, 255), ethers.namehash(name)];
    const text = ens.encodeFunctionData('text', [node, key]);
    assert.equal(core.resolveTextCall(name, key), ens.encodeFunctionData('resolve', [dns, text]));
    const addr = ens.encodeFunctionData('addr', [node]);
    assert.equal(core.resolveAddrCall(name), ens.encodeFunctionData('resolve', [dns, addr]));
  });
});
