// Random orders of all calls, by honest people and others, in time that passes. After each of them:
//
//   what is in the contract = what is left of the deposits + what is burned and not buried
//   of each sender:  deposited = left + taken back + burned
//   burned = the slots of vouchers that their receivers burned, each once, + what proofs closed
//   who took a voucher that was covered can burn it, for as long as it holds, unless there is a proof of double use
//
//   ROUNDS=200 node --test tests/contracts/properties.test.mjs      a long run
//   SEED=123 node --test tests/contracts/properties.test.mjs        one round again

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Wallet, toBeHex } from 'ethers';
import { Deposits, SLOT, World, slots } from './world.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 12);
const STEPS = 60;
const FIRST_SEED = Number(process.env.SEED ?? process.env.FIRST_SEED ?? Math.floor(Math.random() * 2 ** 31));

let world;
before(async () => {
  world = await World.start('Deposits.sol');
});
after(() => world?.stop());

/** Numbers that are the same for the same seed (mulberry32). */
class Chance {
  #state;

  constructor(seed) {
    this.#state = seed;
  }

  /** A whole number below this. */
  below(most) {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % most;
  }

  of(list) {
    return list[this.below(list.length)];
  }
}

const sum = (numbers) => numbers.reduce((all, number) => all + number, 0n);
const bits = (word) => [...word.toString(2)].filter((bit) => bit === '1').length;

/** One round: a contract of its own, and what has to be true of it, kept apart from the contract. */
class Round {
  /** Of each key: whose it is, and what went in, out and up in smoke. */
  deposits = [];
  /** Vouchers that were signed, by whomever, whether or not they are worth something. */
  signed = [];
  /** Of these, those that a receiver took because the contract said they were covered. */
  taken = [];
  /** Each slot that was burned, as `key epoch slot`. */
  gone = new Set();
  counts = {};

  constructor(here, chance) {
    this.here = here;
    this.chance = chance;
    const { alice, bob, carol, shop, collector } = world.people;
    this.senders = [alice, bob];
    this.receivers = [carol, shop, collector, bob];
  }

  /** What a call came to: the receipt, or the name of the refusal. */
  async attempt(from, method, ...args) {
    try {
      const receipt = await this.here.send(from, method, ...args);
      this.counts[method] = (this.counts[method] ?? 0) + 1;
      return receipt.events[0].args;
    } catch (error) {
      if (typeof error.refusal !== 'string') throw error;
      assert.match(error.refusal, /^[A-Z][A-Za-z]+$/, 'it refuses in its own words');
      return error.refusal;
    }
  }

  async deposit() {
    const amount = BigInt(this.chance.below(30_000));
    let made = this.deposits.length > 0 && this.chance.below(3) > 0 ? this.chance.of(this.deposits) : null;
    if (!made) {
      made = { sender: this.chance.of(this.senders), key: Wallet.createRandom(), in: 0n, out: 0n, burned: 0n };
      this.deposits.push(made);
    }
    const done = await this.attempt(made.sender, 'deposit', made.key.address, amount);
    if (typeof done !== 'string') made.in += done.amount;
  }

  async announceExit() {
    const made = this.chance.of(this.deposits);
    await this.attempt(this.chance.below(5) ? made.sender : this.chance.of(this.receivers), 'announceExit', made.key.address);
  }

  async withdraw() {
    const made = this.chance.of(this.deposits);
    const from = this.chance.below(5) ? made.sender : this.chance.of(this.receivers);
    const done = await this.attempt(from, 'withdraw', made.key.address, made.sender);
    if (typeof done === 'string') return;
    assert.equal(from, made.sender, 'only who deposited takes it back');
    made.out += done.amount;
  }

  /** Somebody signs a voucher; the receiver looks at the contract, and takes it or not. */
  async promise() {
    const made = this.chance.of(this.deposits);
    const given = {
      epoch: this.here.epoch + this.chance.of([0, 0, 0, 0, 1, -1]),
      first: this.chance.below(12),
      count: this.chance.below(5),
      topic: toBeHex(this.chance.below(3), 32),
    };
    const receiver = this.chance.of(this.receivers);
    const [voucher, signature] = await this.here.voucher(made.key, made.sender, receiver, given);
    const paper = { made, voucher, signature, range: slots(given.first, given.count) };
    this.signed.push(paper);
    const [covered, burned, stays] = await this.here.call('standing', made.sender, made.key.address, given.epoch);
    const isTimely = given.epoch === this.here.epoch || given.epoch === this.here.epoch + 1;
    if (isTimely && given.count > 0 && stays && given.first + given.count <= covered && !(burned & paper.range)) {
      this.taken.push(paper);
    }
  }

  async burn() {
    const taken = this.taken.length > 0 && this.chance.below(4) > 0;
    const paper = this.chance.of(taken ? this.taken : this.signed);
    if (!paper) return;
    const { made, voucher, signature, range } = paper;
    const wanted = this.chance.below(3) ? range & BigInt(this.chance.below(2 ** 17)) : BigInt(this.chance.below(2 ** 17));
    const from = this.chance.below(6) ? voucher.receiver : this.chance.of(this.receivers);
    const done = await this.attempt(from, 'burn', voucher, signature, wanted);
    const isOver = voucher.epoch > this.here.epoch || voucher.epoch + 1 < this.here.epoch;
    const names = [...Array(256).keys()]
      .filter((slot) => (wanted >> BigInt(slot)) & 1n)
      .map((slot) => `${made.key.address} ${voucher.epoch} ${slot}`);
    if (typeof done === 'string') {
      const isFair = this.taken.includes(paper) && from === voucher.receiver && wanted && !(wanted & ~range) && !isOver;
      // Otherwise another burn was before, or a proof, which two vouchers for one slot lead to.
      if (isFair && !made.isProven) {
        assert.ok(names.some((name) => this.gone.has(name)), `a covered voucher is not burned: ${done}`);
      }
      return;
    }
    assert.equal(from, voucher.receiver);
    assert.equal(wanted & ~range, 0n, 'no more than the voucher says');
    assert.ok(!isOver && !made.isProven);
    for (const name of names) {
      assert.ok(!this.gone.has(name), `${name} is burned twice`);
      this.gone.add(name);
    }
    made.burned += BigInt(bits(wanted)) * SLOT;
  }

  async prove() {
    if (this.signed.length < 2) return;
    const one = this.chance.of(this.signed);
    const rivals = this.signed.filter(({ made, voucher, range }) => {
      return made === one.made && voucher.epoch === one.voucher.epoch && range & one.range && voucher.receiver !== one.voucher.receiver;
    });
    const other = rivals.length > 0 && this.chance.below(3) ? this.chance.of(rivals) : this.chance.of(this.signed);
    const left = await this.here.left(one.made.sender, one.made.key);
    const { state } = await this.here.call('depositOf', one.made.sender, one.made.key.address);
    const done = await this.attempt(world.people.mallory, 'proveDoubleUse', one.voucher, one.signature, other.voucher, other.signature);
    if (typeof done !== 'string') {
      assert.ok(rivals.includes(other), 'only who promised twice is punished');
      assert.equal(done.amount, left);
      one.made.burned += left;
      one.made.isProven = true;
    } else if (rivals.includes(other)) {
      assert.ok(state === 3n || state === 0n, `who promised twice is not punished: ${done}`);
    }
  }

  async bury() {
    await this.attempt(world.people.mallory, 'bury');
  }

  async pass() {
    this.here.epoch = await world.pass(this.chance.of([0, 0, 1, 1, 1, 2]) || 1);
  }

  async step() {
    const weights = { deposit: 4, announceExit: 1, withdraw: 2, promise: 10, burn: 12, prove: 1, bury: 1, pass: 2 };
    const names = Object.entries(weights).flatMap(([name, weight]) => Array(weight).fill(name));
    const name = this.deposits.length === 0 ? 'deposit' : this.chance.of(names);
    await this[name]();
    return name;
  }

  async check() {
    const lefts = await Promise.all(this.deposits.map(({ sender, key }) => this.here.left(sender, key)));
    for (const [at, made] of this.deposits.entries()) {
      assert.equal(lefts[at], made.in - made.out - made.burned, 'what went in is left, taken back or burned');
      assert.ok(made.out <= made.in);
    }
    const [burned, buried, held] = [await this.here.call('burned'), await this.here.call('buried'), await this.here.balance()];
    assert.equal(burned, sum(this.deposits.map((made) => made.burned)));
    assert.equal(held, sum(lefts) + burned - buried);
  }

  /** In the end, who holds a voucher that was taken and still holds burns all that nobody else has burned of it. */
  async settle() {
    for (const { made, voucher, signature, range } of this.taken) {
      if (made.isProven || voucher.epoch > this.here.epoch || voucher.epoch + 1 < this.here.epoch) continue;
      const [, burned] = await this.here.call('standing', made.sender, made.key.address, voucher.epoch);
      const rest = range & ~burned;
      if (rest === 0n) continue;
      const done = await this.attempt(voucher.receiver, 'burn', voucher, signature, rest);
      assert.notEqual(typeof done, 'string', `a covered voucher is not burned: ${done}`);
      made.burned += BigInt(bits(rest)) * SLOT;
    }
  }
}

const total = {};
for (let round = 0; round < (process.env.SEED ? 1 : ROUNDS); round += 1) {
  const seed = FIRST_SEED + round;
  test(`nobody gains, and what is promised holds, in any order of calls (SEED=${seed})`, async () => {
    const here = await Deposits.in(world);
    const going = new Round(here, new Chance(seed));
    const walk = [];
    try {
      for (let step = 0; step < STEPS; step += 1) {
        walk.push(await going.step());
        await going.check();
      }
      await going.settle();
      await going.check();
    } catch (error) {
      error.message += `\nafter ${walk.join(', ')}`;
      throw error;
    }
    for (const [name, count] of Object.entries(going.counts)) total[name] = (total[name] ?? 0) + count;
  });
}

test('the rounds did something', { skip: Boolean(process.env.SEED) }, () => {
  for (const call of ['deposit', 'burn', 'announceExit', 'bury']) assert.ok(total[call] > 0, `${call} never worked`);
});
