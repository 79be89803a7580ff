// What is at stake, who can take it, and what an attacker gets: each row of the table in docs/deposits.md.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { Signature, Wallet, ZeroAddress, toBeHex } from 'ethers';
import { Deposits, SLOT, WEEK, World, slots } from './world.mjs';

let world;
let alice;
let bob;
let carol;
let mallory;
before(async () => {
  world = await World.start('Deposits.sol');
  ({ alice, bob, carol, mallory } = world.people);
});
after(() => world?.stop());

const GRAVE = '0x000000000000000000000000000000000000dEaD';
/** A number that is not below the order of the curve's half: the other form of a signature. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe('depositing', () => {
  test('what arrives counts, half of it for even and half for odd epochs, and more can be added', async () => {
    const here = await Deposits.in(world);
    const key = await here.by(alice, 21n * SLOT);
    for (const epoch of [here.epoch, here.epoch + 1]) {
      assert.deepEqual([...(await here.call('standing', alice, key.address, epoch))], [10n, 0n, true]);
    }
    const { events } = await here.send(alice, 'deposit', key.address, SLOT);
    assert.deepEqual(
      events.map(({ name, args }) => [name, ...args]),
      [['Deposited', alice, key.address, SLOT]],
    );
    assert.equal((await here.call('standing', alice, key.address, here.epoch))[0], 11n);
    assert.equal(await here.left(alice, key), 22n * SLOT);
    assert.equal(await here.balance(), 22n * SLOT);
    // It is of this sender and this key alone.
    for (const [sender, of] of [[bob, key.address], [alice, bob]]) {
      assert.deepEqual([...(await here.call('standing', sender, of, here.epoch))], [0n, 0n, false]);
    }
  });

  test('a signed allowance needs one transaction, and works when somebody used it before', async () => {
    const here = await Deposits.in(world);
    const key = Wallet.createRandom();
    const deadline = (await world.now()) + 3600;
    const domain = { name: 'Signing', version: '1', chainId: 31337, verifyingContract: here.token.address };
    const Permit = ['address owner', 'address spender', 'uint256 value', 'uint256 nonce', 'uint256 deadline'].map(
      (member) => ({ type: member.split(' ')[0], name: member.split(' ')[1] }),
    );
    await world.send(alice, here.token, 'approve', here.contract.address, 0);
    for (const [nonce, isSeen] of [[0, false], [1, true]]) {
      const allowed = { owner: alice, spender: here.contract.address, value: 4n * SLOT, nonce, deadline };
      const signed = Signature.from(await world.wallets.alice.signTypedData(domain, { Permit }, allowed));
      const permit = [deadline, signed.v, signed.r, signed.s];
      if (isSeen) await world.send(mallory, here.token, 'permit', alice, here.contract.address, 4n * SLOT, ...permit);
      await here.send(alice, 'depositWithPermit', key.address, 4n * SLOT, ...permit);
    }
    assert.equal(await here.left(alice, key), 8n * SLOT);
    // Whatever a stranger signs, what they deposit is their own.
    const forged = [deadline, 27, toBeHex(1, 32), toBeHex(1, 32)];
    await here.send(mallory, 'depositWithPermit', key.address, 4n * SLOT, ...forged);
    assert.equal(await here.left(alice, key), 8n * SLOT);
    assert.equal(await here.balance(mallory), 1_000_000n - 4n * SLOT);
  });

  test('of a token with a fee, what arrives counts', async () => {
    const here = await Deposits.in(world, 'FeeToken');
    const key = await here.by(alice, 20n * SLOT);
    assert.equal(await here.left(alice, key), 18n * SLOT);
    assert.equal((await here.call('standing', alice, key.address, here.epoch))[0], 9n);
  });

  test('a token that lies leaves nothing at stake', async () => {
    const here = await Deposits.in(world, 'LyingToken');
    await world.refuses('NothingArrived', here.send(alice, 'deposit', bob, SLOT));
    assert.deepEqual([...(await here.call('depositOf', alice, bob))], [0n, 0n, 0n]);
  });

  test('without a key, or a slot that is worth something, there is no deposit', async () => {
    const here = await Deposits.in(world);
    await world.refuses('NoKey', here.send(alice, 'deposit', ZeroAddress, SLOT));
    const worthless = world.deploy('Deposits', ['address', 'uint128'], [here.token.address, 0]);
    await world.refuses('WorthlessSlot', worthless);
  });

  test('nothing counts twice when a token calls its sender in the midst of moving', async () => {
    const here = await Deposits.in(world, 'CallingToken');
    const thief = await world.deploy('Thief', ['address'], [here.token.address]);
    await world.send(alice, here.token, 'mint', thief.address, 100n * SLOT);
    await world.send(alice, here.token, 'tell', thief.address);
    const [key, another] = [Wallet.createRandom().address, Wallet.createRandom().address];
    const data = (method, ...args) => here.contract.abi.encodeFunctionData(method, args);
    const act = (outer, inner) => world.send(alice, thief, 'act', here.contract.address, outer, inner);
    const isRefused = (outer, inner) => world.refuses('ReentrancyGuardReentrantCall', act(outer, inner));
    const permit = [0, 27, toBeHex(1, 32), toBeHex(1, 32)];
    const [deposit, withPermit] = [data('deposit', key, 10n * SLOT), data('depositWithPermit', key, SLOT, ...permit)];
    for (const outer of [deposit, withPermit]) {
      for (const inner of [deposit, withPermit]) await isRefused(outer, inner);
    }

    // Nor while money goes out: of a deposit, or to its grave.
    await act(deposit, '0x');
    await act(data('announceExit', key), '0x');
    const burning = await here.by(bob);
    await here.send(carol, 'burn', ...(await here.voucher(burning, bob, carol)), slots(0, 1));
    await world.pass(3);
    const withdraw = data('withdraw', key, thief.address);
    const elsewhere = data('deposit', another, SLOT);
    await isRefused(elsewhere, withdraw);
    await isRefused(withdraw, elsewhere);
    await isRefused(elsewhere, data('bury'));
    await act(withdraw, '0x');
    assert.equal(await here.balance(thief.address), 100n * SLOT);
  });
});

describe('burning', () => {
  test('the receiver burns what the voucher says, and has nothing from it', async () => {
    const here = await Deposits.in(world);
    const key = await here.by(alice);
    const voucher = await here.voucher(key, alice, bob, { first: 2, count: 3 });
    const mine = await here.balance(bob);
    const { events } = await here.send(bob, 'burn', ...voucher, slots(2, 2));
    assert.deepEqual(
      events.map(({ name, args }) => [name, ...args]),
      [['Burned', alice, bob, key.address, BigInt(here.epoch), slots(2, 2)]],
    );
    assert.equal(await here.left(alice, key), 18n * SLOT);
    assert.deepEqual([...(await here.call('standing', alice, key.address, here.epoch))], [10n, slots(2, 2), true]);
    // The epoch after has a half of its own; the one after that has what is left.
    assert.equal((await here.call('standing', alice, key.address, here.epoch + 1))[0], 10n);
    assert.deepEqual([...(await here.call('standing', alice, key.address, here.epoch + 2))], [8n, 0n, true]);
    await here.send(bob, 'burn', ...voucher, slots(4, 1));
    assert.equal(await here.balance(bob), mine);
    assert.deepEqual([await here.call('burned'), await here.call('buried')], [3n * SLOT, 0n]);
    await here.send(mallory, 'bury');
    assert.equal(await here.balance(GRAVE), 3n * SLOT);
    assert.deepEqual([await here.call('burned'), await here.call('buried')], [3n * SLOT, 3n * SLOT]);
    await world.refuses('NothingToBury', here.send(mallory, 'bury'));
  });

  test('spite burns at most what the voucher says, once', async () => {
    const here = await Deposits.in(world);
    const key = await here.by(alice);
    const voucher = await here.voucher(key, alice, bob, { first: 2, count: 3 });
    for (const more of [0n, slots(1, 1), slots(5, 1), slots(2, 4), slots(0, 256), slots(2, 3) | slots(255, 1)]) {
      await world.refuses('NotPromised', here.send(bob, 'burn', ...voucher, more));
    }
    await here.send(bob, 'burn', ...voucher, slots(3, 1));
    for (const again of [slots(3, 1), slots(2, 2), slots(2, 3)]) {
      await world.refuses('AlreadyBurned', here.send(bob, 'burn', ...voucher, again));
    }
    await here.send(bob, 'burn', ...voucher, slots(2, 1) | slots(4, 1));
    assert.equal(await here.left(alice, key), 17n * SLOT);
  });

  test('only the receiver burns, alone or by a signature that somebody brings', async () => {
    const here = await Deposits.in(world);
    const key = await here.by(alice);
    const voucher = await here.voucher(key, alice, bob, { count: 3 });
    for (const other of [alice, mallory]) {
      await world.refuses('NotReceiver', here.send(other, 'burn', ...voucher, slots(0, 1)));
    }
    const { wallets } = world;
    const consent = await here.consent(wallets.bob, voucher[0], slots(0, 2));
    const wrong = [
      [await here.consent(wallets.mallory, voucher[0], slots(0, 2)), slots(0, 2)],
      [consent, slots(0, 3)],
      [await here.consent(wallets.bob, { ...voucher[0], first: 1 }, slots(0, 2)), slots(0, 2)],
      ['0x', slots(0, 2)],
    ];
    for (const [signed, burned] of wrong) {
      await world.refuses('NotReceiver', here.send(mallory, 'burnFor', ...voucher, burned, signed));
    }
    await here.send(mallory, 'burnFor', ...voucher, slots(0, 2), consent);
    assert.equal(await here.left(alice, key), 18n * SLOT);
    await world.refuses('AlreadyBurned', here.send(mallory, 'burnFor', ...voucher, slots(0, 2), consent));
  });

  test('a smart account burns by its own word', async () => {
    const here = await Deposits.in(world);
    const key = await here.by(alice);
    const factory = await world.deploy('AccountFactory');
    const account = await world.call(factory, 'addressOf', bob);
    await world.send(mallory, factory, 'deploy', bob);
    const voucher = await here.voucher(key, alice, account);
    const forged = await here.consent(world.wallets.mallory, voucher[0], slots(0, 1));
    await world.refuses('NotReceiver', here.send(mallory, 'burnFor', ...voucher, slots(0, 1), forged));
    const consent = await here.consent(world.wallets.bob, voucher[0], slots(0, 1));
    await here.send(mallory, 'burnFor', ...voucher, slots(0, 1), consent);
    assert.equal(await here.left(alice, key), 19n * SLOT);
  });

  test('a voucher is of its key, and nothing in it can be changed', async () => {
    const here = await Deposits.in(world);
    const key = await here.by(alice);
    await here.by(carol);
    const [voucher, signature] = await here.voucher(key, alice, bob, { first: 1, count: 2 });
    const forged = await here.voucher(Wallet.createRandom(), alice, bob);
    await world.refuses('NoDeposit', here.send(bob, 'burn', ...forged, slots(0, 1)));
    const changes = [
      { sender: carol },
      { receiver: mallory },
      { epoch: here.epoch - 1 },
      { first: 0 },
      { count: 3 },
      { topic: toBeHex(8, 32) },
    ];
    for (const change of changes) {
      const changed = { ...voucher, ...change };
      await world.refuses('NoDeposit', here.send(changed.receiver, 'burn', changed, signature, slots(1, 1)));
    }
    // Nor is it of another contract or chain.
    for (const domain of [{ verifyingContract: bob }, { chainId: 1 }, { name: 'dm3' }, { version: '2' }]) {
      const elsewhere = Object.assign(Object.create(Deposits.prototype), here, { domain: { ...here.domain, ...domain } });
      const other = await elsewhere.voucher(key, alice, bob);
      await world.refuses('NoDeposit', here.send(bob, 'burn', ...other, slots(0, 1)));
    }
    // Nor can its signature be written in another way.
    const { r, s, v } = Signature.from(signature);
    const turned = r + toBeHex(ORDER - BigInt(s), 32).slice(2) + (v === 27 ? '1c' : '1b');
    await world.refuses('ECDSAInvalidSignatureS', here.send(bob, 'burn', voucher, turned, slots(1, 1)));
    await here.send(bob, 'burn', voucher, signature, slots(1, 1));
  });

  test('a contract account can do nothing about its vouchers: the key that signed was fixed before', async () => {
    // The sender's code has no say in it: a voucher is checked by the key alone.
    const here = await Deposits.in(world);
    const key = await here.by(alice);
    const voucher = await here.voucher(key, alice, bob);
    await world.ask('anvil_setCode', alice, '0x60006000fd');
    try {
      await here.send(bob, 'burn', ...voucher, slots(0, 1));
    } finally {
      await world.ask('anvil_setCode', alice, '0x');
    }
    assert.equal(await here.left(alice, key), 19n * SLOT);
  });

  test('a voucher is burnable in its epoch and the one after', async () => {
    const here = await Deposits.in(world);
    const key = await here.by(alice);
    const early = await here.voucher(key, alice, bob, { epoch: here.epoch + 1, count: 4 });
    await world.refuses('NotItsTime', here.send(bob, 'burn', ...early, slots(0, 1)));
    await world.goTo((here.epoch + 1) * WEEK - 60);
    await world.refuses('NotItsTime', here.send(bob, 'burn', ...early, slots(0, 1)));
    await world.goTo((here.epoch + 1) * WEEK);
    await here.send(bob, 'burn', ...early, slots(0, 1));
    await world.goTo((here.epoch + 3) * WEEK - 60);
    await here.send(bob, 'burn', ...early, slots(1, 1));
    await world.goTo((here.epoch + 3) * WEEK);
    await world.refuses('NotItsTime', here.send(bob, 'burn', ...early, slots(2, 1)));
  });

  test('neighbouring epochs do not share their money', async () => {
    const here = await Deposits.in(world);
    const key = await here.by(alice);
    const first = await here.voucher(key, alice, bob, { count: 10 });
    const second = await here.voucher(key, alice, carol, { count: 10, epoch: here.epoch + 1 });
    await world.pass(1);
    await here.send(carol, 'burn', ...second, slots(0, 10));
    await here.send(bob, 'burn', ...first, slots(0, 10));
    assert.equal(await here.left(alice, key), 0n);
  });

  test('a slot that is not covered is not burned, and covered ones stay so whatever was burned', async () => {
    const here = await Deposits.in(world);
    const key = await here.by(alice);
    const many = await here.voucher(key, alice, bob, { count: 11 });
    await world.refuses('NotCovered', here.send(bob, 'burn', ...many, slots(10, 1)));
    await world.refuses('NotCovered', here.send(bob, 'burn', ...many, slots(0, 11)));
    await here.send(bob, 'burn', ...many, slots(0, 7));
    await here.send(bob, 'burn', ...many, slots(9, 1));
    await here.send(bob, 'burn', ...many, slots(7, 2));
    await world.refuses('NotCovered', here.send(bob, 'burn', ...many, slots(10, 1)));
  });

  test('an epoch has 256 slots, and all of them can be burned', async () => {
    const here = await Deposits.in(world);
    const key = await here.by(alice, 600n * SLOT);
    assert.equal((await here.call('standing', alice, key.address, here.epoch))[0], 256n);
    const outside = [{ count: 0 }, { first: 256, count: 1 }, { first: 255, count: 2 }, { first: 1, count: 256 }, { first: 65535, count: 65535 }];
    for (const none of outside) {
      const voucher = await here.voucher(key, alice, bob, none);
      await world.refuses('NoSuchSlots', here.send(bob, 'burn', ...voucher, slots(0, 1)));
    }
    const last = await here.voucher(key, alice, bob, { first: 255 });
    await here.send(bob, 'burn', ...last, slots(255, 1));
    assert.equal((await here.call('standing', alice, key.address, here.epoch))[0], 256n);
    const all = await here.voucher(key, alice, bob, { count: 256 });
    await here.send(bob, 'burn', ...all, slots(0, 255));
    assert.equal(await here.left(alice, key), 344n * SLOT);
    assert.equal((await here.call('standing', alice, key.address, here.epoch))[1], slots(0, 256));
    // The next one of the kind has them anew, as many as are left.
    here.epoch = await world.pass(2);
    assert.equal((await here.call('standing', alice, key.address, here.epoch))[0], 44n);
    const whole = await here.voucher(key, alice, bob, { count: 256 });
    await here.send(bob, 'burn', ...whole, slots(0, 44));
    await world.refuses('NotCovered', here.send(bob, 'burn', ...whole, slots(255, 1)));
  });

  test('a token that stands still protects nobody', async () => {
    const here = await Deposits.in(world, 'FrozenToken');
    const key = await here.by(alice);
    const voucher = await here.voucher(key, alice, bob);
    await world.send(mallory, here.token, 'freeze', true);
    await here.send(bob, 'burn', ...voucher, slots(0, 1));
    assert.equal(await here.left(alice, key), 19n * SLOT);
    await assert.rejects(here.send(bob, 'bury'));
    await world.send(mallory, here.token, 'freeze', false);
    await here.send(bob, 'bury');
    assert.equal(await here.balance(GRAVE), SLOT);
  });
});

describe('leaving', () => {
  test('an exit takes three epochs, and gives back all that is left', async () => {
    const here = await Deposits.in(world);
    const key = await here.by(alice);
    const had = await here.balance(alice);
    await world.refuses('NotLeaving', here.send(alice, 'withdraw', key.address, alice));
    await world.goTo((here.epoch + 1) * WEEK - 60);
    await here.send(alice, 'announceExit', key.address);
    await world.refuses('NotOpen', here.send(alice, 'announceExit', key.address));
    await world.refuses('NotOpen', here.send(alice, 'deposit', key.address, SLOT));
    for (const [epoch, stays] of [[0, true], [1, true], [2, false], [3, false]]) {
      assert.equal((await here.call('standing', alice, key.address, here.epoch + epoch))[2], stays, `${epoch}`);
    }
    await world.goTo((here.epoch + 3) * WEEK - 60);
    await world.refuses('NotLeaving', here.send(alice, 'withdraw', key.address, alice));
    await world.goTo((here.epoch + 3) * WEEK);
    for (const other of [mallory, key.address]) {
      await world.ask('anvil_setBalance', other, toBeHex(10n ** 18n));
      await world.ask('anvil_impersonateAccount', other);
      await world.refuses('NotLeaving', here.send(other, 'withdraw', key.address, other));
    }
    await here.send(alice, 'withdraw', key.address, carol);
    assert.equal(await here.balance(alice), had);
    assert.equal(await here.balance(carol), 1_000_000n + 20n * SLOT);
    await world.refuses('NotLeaving', here.send(alice, 'withdraw', key.address, alice));
    await world.refuses('NotOpen', here.send(alice, 'announceExit', key.address));
    assert.equal(await here.balance(), 0n);
  });

  test('who leaves just before a burn loses all the same, for as long as a voucher holds', async () => {
    const here = await Deposits.in(world);
    const key = await here.by(alice);
    // Taken in the last moment, and for the epoch to come; the exit is announced in that moment, too.
    await world.goTo((here.epoch + 1) * WEEK - 60);
    const voucher = await here.voucher(key, alice, bob, { epoch: here.epoch + 1, count: 2 });
    await here.send(alice, 'announceExit', key.address);
    await world.goTo((here.epoch + 3) * WEEK - 60);
    await here.send(bob, 'burn', ...voucher, slots(0, 2));
    await world.pass(1);
    await here.send(alice, 'withdraw', key.address, alice);
    assert.equal(await here.balance(alice), 1_000_000n - 2n * SLOT);
  });

  test('a closed deposit stays closed: no voucher counts against money that came after it', async () => {
    const here = await Deposits.in(world);
    const key = await here.by(alice);
    await here.send(alice, 'announceExit', key.address);
    here.epoch = await world.pass(3);
    const voucher = await here.voucher(key, alice, bob, { count: 3 });
    await here.send(bob, 'burn', ...voucher, slots(2, 1));
    await here.send(alice, 'withdraw', key.address, alice);
    await world.refuses('NotOpen', here.send(alice, 'deposit', key.address, 2n * SLOT));
    await world.refuses('IsClosed', here.send(bob, 'burn', ...voucher, slots(0, 1)));
    assert.deepEqual([...(await here.call('standing', alice, key.address, here.epoch))], [0n, 0n, false]);
    // With another key there is another deposit, which the old voucher is not of.
    const fresh = await here.by(alice);
    await world.refuses('IsClosed', here.send(bob, 'burn', ...voucher, slots(0, 1)));
    assert.equal(await here.left(alice, fresh), 20n * SLOT);
  });
});

describe('double use', () => {
  test('who promises one slot to two loses all of the deposit, and nobody has it', async () => {
    const here = await Deposits.in(world);
    const key = await here.by(alice, 21n * SLOT);
    const other = await here.by(alice);
    const one = await here.voucher(key, alice, bob, { first: 2, count: 3 });
    const two = await here.voucher(key, alice, carol, { first: 4, count: 2 });
    const had = await here.balance(mallory);
    const { events } = await here.send(mallory, 'proveDoubleUse', ...one, ...two);
    assert.deepEqual(
      events.map(({ name, args }) => [name, ...args]),
      [['DoublyUsed', alice, key.address, 21n * SLOT]],
    );
    assert.equal(await here.balance(mallory), had);
    assert.equal(await here.left(alice, key), 0n);
    assert.equal(await here.left(alice, other), 20n * SLOT);
    assert.deepEqual([await here.call('burned'), await here.call('buried')], [21n * SLOT, 0n]);
    await world.refuses('IsClosed', here.send(mallory, 'proveDoubleUse', ...one, ...two));
    await world.refuses('IsClosed', here.send(bob, 'burn', ...one, slots(2, 1)));
    await world.refuses('NotOpen', here.send(alice, 'announceExit', key.address));
    await world.refuses('NotOpen', here.send(alice, 'deposit', key.address, SLOT));
  });

  test('it is told while a sender leaves, after the epoch, and before it', async () => {
    for (const [away, isLeaving] of [[0, true], [-9, false], [9, false]]) {
      const here = await Deposits.in(world);
      const key = await here.by(alice);
      const epoch = here.epoch + away;
      const one = await here.voucher(key, alice, bob, { epoch });
      const two = await here.voucher(key, alice, carol, { epoch });
      if (isLeaving) await here.send(alice, 'announceExit', key.address);
      await world.goTo((here.epoch + 3) * WEEK - 60);
      await here.send(bob, 'proveDoubleUse', ...two, ...one);
      assert.equal(await here.left(alice, key), 0n);
      // An exit that was announced before keeps nothing open.
      assert.deepEqual([...(await here.call('standing', alice, key.address, here.epoch + 1))], [0n, 0n, false]);
    }
  });

  test('what the second receiver finds burned is proven', async () => {
    const here = await Deposits.in(world);
    const key = await here.by(alice);
    const one = await here.voucher(key, alice, bob);
    const two = await here.voucher(key, alice, carol);
    await here.send(bob, 'burn', ...one, slots(0, 1));
    await world.refuses('AlreadyBurned', here.send(carol, 'burn', ...two, slots(0, 1)));
    await here.send(carol, 'proveDoubleUse', ...one, ...two);
    assert.equal(await here.call('burned'), 20n * SLOT);
  });

  test('an honest sender can be proven nothing', async () => {
    const here = await Deposits.in(world);
    const key = await here.by(alice);
    const another = await here.by(alice);
    await here.by(carol, 20n * SLOT, key);
    const one = await here.voucher(key, alice, bob, { first: 0, count: 3 });
    const honest = [
      // Other slots; another epoch; the same receiver, in another conversation; another key; another sender with this key.
      await here.voucher(key, alice, carol, { first: 3, count: 3 }),
      await here.voucher(key, alice, carol, { epoch: here.epoch + 2 }),
      await here.voucher(key, alice, bob, { topic: toBeHex(8, 32) }),
      await here.voucher(another, alice, carol),
      await here.voucher(key, carol, mallory),
      one,
    ];
    for (const two of honest) {
      await world.refuses('NoDoubleUse', here.send(mallory, 'proveDoubleUse', ...one, ...two));
      await world.refuses('NoDoubleUse', here.send(mallory, 'proveDoubleUse', ...two, ...one));
    }
    // A stranger's signatures are no deposit's, and one real one does not help.
    const stranger = Wallet.createRandom();
    const forged = [await here.voucher(stranger, alice, bob), await here.voucher(stranger, alice, carol)];
    await world.refuses('NoDeposit', here.send(mallory, 'proveDoubleUse', ...forged[0], ...forged[1]));
    await world.refuses('NoDoubleUse', here.send(mallory, 'proveDoubleUse', ...one, ...forged[1]));
    // What promises nothing overlaps with nothing.
    const empty = await here.voucher(key, alice, carol, { count: 0 });
    await world.refuses('NoSuchSlots', here.send(mallory, 'proveDoubleUse', ...one, ...empty));
    assert.equal(await here.left(alice, key), 20n * SLOT);
  });
});

// What is changed on purpose (mutate.mjs) costs something else, which would hide that no other test sees it.
const isChanged = Boolean(process.env.CONTRACTS);
test('nothing costs more gas than docs/deposits.md tells', { skip: isChanged }, async () => {
  const here = await Deposits.in(world);
  const used = async (sent) => Number((await sent).gasUsed);
  const key = Wallet.createRandom();
  const table = { deposit: await used(here.send(alice, 'deposit', key.address, 20n * SLOT)) };
  const voucher = await here.voucher(key, alice, bob, { count: 3 });
  const next = await here.voucher(key, alice, bob, { first: 3, count: 3 });
  const double = await here.voucher(key, alice, carol, { count: 3 });
  table.burn = await used(here.send(bob, 'burn', ...voucher, slots(0, 3)));
  const consent = await here.consent(world.wallets.bob, next[0], slots(3, 3));
  table.burnFor = await used(here.send(mallory, 'burnFor', ...next, slots(3, 3), consent));
  table.bury = await used(here.send(mallory, 'bury'));
  table.announceExit = await used(here.send(alice, 'announceExit', key.address));
  table.proveDoubleUse = await used(here.send(mallory, 'proveDoubleUse', ...voucher, ...double));
  const leaving = await here.by(carol);
  await here.send(carol, 'announceExit', leaving.address);
  await world.pass(3);
  table.withdraw = await used(here.send(carol, 'withdraw', leaving.address, carol));
  const told = await readFile(new URL('../../docs/deposits.md', import.meta.url), 'utf8');
  for (const [name, gas] of Object.entries(table)) {
    const [, most] = new RegExp(`\\| \`${name}\` \\| [^|]*\\| (\\d+),000 \\|`).exec(told) ?? [];
    assert.ok(most, `docs/deposits.md does not tell what ${name} costs`);
    const thousands = Math.ceil(gas / 1000);
    assert.ok(thousands <= most && thousands > 0.9 * most, `${name} costs ${gas}, and ${most},000 are told`);
  }
});
