// The core against contracts on a real chain: smart accounts that sign, and a universal resolver.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import profileLibrary from '@dm3-org/dm3-lib-profile';
import sharedLibrary from '@dm3-org/dm3-lib-shared';
import { AbiCoder, Contract, ContractFactory, NonceManager, Wallet, concat, id, namehash } from 'ethers';
import { Dm3Client } from '../e2e/client.mjs';
import { NODE_NAME, ensProvider } from './chain.mjs';
import { startLocalnet } from './index.mjs';
import { printProfile } from './program.mjs';
import { compileSolidity, compileYul } from './solidity.mjs';

const { getProfileCreationMessage } = profileLibrary;
const { stringify } = sharedLibrary;

/** What a signature of an account that is not deployed yet ends in (ERC-6492). */
const NOT_DEPLOYED = `0x${'6492'.repeat(16)}`;

test('the signature check the core carries is what its source compiles to', async () => {
  const file = (ending) => new URL(`../../core/src/registry/contracts/SignatureCheck.${ending}`, import.meta.url);
  const stored = (await readFile(file('hex'), 'utf8')).trim();
  assert.match(stored, /^[0-9a-f]{100,}$/);
  assert.equal(compileYul(file('yul'), 'SignatureCheck'), stored);
});

describe('the core on a real chain', () => {
  let net;
  let provider;
  let dave;
  let factory;
  let universalResolver;
  const person = (label) => net.accounts.find((account) => account.label === label);

  before(async () => {
    net = await startLocalnet();
    provider = ensProvider(net);
    dave = new NonceManager(new Wallet(person('dave').privateKey, provider));
    const deploy = async ({ abi, bytecode }, ...args) => {
      const contract = await new ContractFactory(abi, bytecode, dave).deploy(...args);
      return contract.waitForDeployment();
    };
    factory = await deploy(compileSolidity('SmartAccount.sol').AccountFactory);
    universalResolver = await deploy(compileSolidity('UniversalResolver.sol').UniversalResolver, net.registry);
  });
  after(async () => {
    provider?.destroy();
    await net?.stop();
  });

  /** Registers `label`.dave.eth for an account, with this signed profile. */
  async function publish(label, account, signedProfile) {
    const registry = new Contract(net.registry, ['function setSubnodeRecord(bytes32,bytes32,address,address,uint64)'], dave);
    const { address } = await provider.getResolver('dave.eth');
    const resolver = new Contract(
      address,
      ['function setAddr(bytes32,address)', 'function setText(bytes32,string,string)'],
      dave,
    );
    const name = `${label}.dave.eth`;
    const record = `data:application/json,${stringify(signedProfile)}`;
    for (const transaction of [
      await registry.setSubnodeRecord(namehash('dave.eth'), id(label), person('dave').address, address, 0),
      await resolver.setAddr(namehash(name), account),
      await resolver.setText(namehash(name), 'network.dm3.profile', record),
    ]) {
      await transaction.wait();
    }
    return name;
  }

  /** A profile for a smart account, signed by `signer`; `wrap` changes the signature. */
  async function signedFor(account, signer, wrap = (signature) => signature) {
    const key = Buffer.alloc(32, 9).toString('base64');
    const profile = { publicEncryptionKey: key, publicSigningKey: key, deliveryServices: [NODE_NAME] };
    const text = getProfileCreationMessage(stringify(profile), account);
    return { profile, signature: wrap(await new Wallet(signer.privateKey).signMessage(text)) };
  }

  const deploymentBy = (owner) => factory.interface.encodeFunctionData('deploy', [owner]);
  const wrapped = (to, data) => (signature) =>
    concat([AbiCoder.defaultAbiCoder().encode(['address', 'bytes', 'bytes'], [to, data, signature]), NOT_DEPLOYED]);

  test('a deployed smart account vouches for its profile, and for no other', async () => {
    const owner = person('alice');
    const account = await factory.addressOf(owner.address);
    await (await factory.deploy(owner.address)).wait();
    assert.notEqual(await provider.getCode(account), '0x');

    const good = await publish('safe', account, await signedFor(account, owner));
    const printed = await printProfile(net, good);
    assert.match(printed, new RegExp(`^account +${account}$`, 'm'));
    assert.match(printed, /^found at +safe\.dave\.eth$/m);

    // By a stranger; by the owner, but for another account; by nobody.
    const bad = [
      await signedFor(account, person('mallory')),
      await signedFor(factory.target, owner),
      await signedFor(account, owner, () => '0x1234'),
      await signedFor(account, owner, () => `0x${'00'.repeat(65)}`),
    ];
    for (const signed of bad) {
      const name = await publish('forged', account, signed);
      await assert.rejects(printProfile(net, name), /profile of forged\.dave\.eth can't be trusted/);
    }
  });

  test('a smart account that is not deployed yet vouches for its profile, and stays undeployed', async () => {
    const owner = person('bob');
    const account = await factory.addressOf(owner.address);
    const deployment = wrapped(factory.target, deploymentBy(owner.address));
    const good = await publish('later', account, await signedFor(account, owner, deployment));
    assert.match(await printProfile(net, good), /^found at +later\.dave\.eth$/m);
    assert.equal(await provider.getCode(account), '0x');

    const mallory = person('mallory');
    const bad = [
      // Signed by somebody else; the factory deploys another account; there is no factory; not wrapped at all.
      await signedFor(account, mallory, deployment),
      await signedFor(account, mallory, wrapped(factory.target, deploymentBy(mallory.address))),
      await signedFor(account, owner, wrapped(mallory.address, deploymentBy(owner.address))),
      await signedFor(account, owner),
    ];
    for (const signed of bad) {
      const name = await publish('forged', account, signed);
      await assert.rejects(printProfile(net, name), /profile of forged\.dave\.eth can't be trusted/);
    }

    // The same signature holds after the account was deployed: the factory's second try fails, the account's word counts.
    await (await factory.deploy(owner.address)).wait();
    assert.match(await printProfile(net, good), /^found at +later\.dave\.eth$/m);
  });

  describe('through a universal resolver', () => {
    const find = (name) => printProfile(net, name, '--universal-resolver', universalResolver.target);

    test('a name leads to its account, and its account to the profile at the address name behind a gateway', async () => {
      const carol = new Dm3Client(net, person('carol'));
      const alice = new Dm3Client(net, person('alice'));
      await carol.signUp();
      await alice.signUp();
      for (const [typed, { alias }, { address }] of [
        ['alice.eth', alice, person('alice')],
        [person('alice').address, alice, person('alice')],
        [person('carol').address, carol, person('carol')],
        [carol.alias, carol, person('carol')],
      ]) {
        const printed = await find(typed);
        assert.match(printed, new RegExp(`^account +${address}$`, 'm'), typed);
        assert.match(printed, new RegExp(`^found at +${alias.replaceAll('.', '\\.')}$`, 'm'), typed);
        assert.ok(printed.includes(`${NODE_NAME}: ${net.nodeUrl}/ds`), printed);
      }
      assert.match(await find(person('alice').address), /^name +alice\.eth$/m);
      assert.doesNotMatch(await find(person('carol').address), /^name/m);
      // The same is found without it.
      assert.equal(await find('alice.eth'), await printProfile(net, 'alice.eth'));
    });

    test('names that are not there are absent, not broken', async () => {
      await assert.rejects(find('nobody.eth'), /nobody is registered as nobody\.eth/);
      assert.match(await find(person('mallory').address), /has no dm3 profile/);
      assert.match(await find('shop.eth'), /has no dm3 profile/);
    });

    test('a contract that is none is told', async () => {
      const nowhere = printProfile(net, 'alice.eth', '--universal-resolver', person('alice').address);
      await assert.rejects(nowhere, /there is no ENS at 0x/);
    });

    test('a gateway that is down is named', async () => {
      await net.stopNode();
      try {
        const host = new URL(net.nodeUrl).host;
        await assert.rejects(find(person('carol').address), ({ message }) => message.includes(`gateway ${host} failed`));
      } finally {
        await net.startNode();
      }
    });
  });
});
