// A chain with one of the project's contracts, people who call it, and time that goes where the tests send it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { AbiCoder, Interface, Wallet, concat, getAddress, toBeHex } from 'ethers';
import { people, rpc, startAnvil } from '../localnet/chain.mjs';
import { freePort, waitFor } from '../localnet/process.mjs';
import { PRODUCT, compileSolidity } from '../localnet/solidity.mjs';

export const WEEK = 7 * 24 * 60 * 60;
/** How much a slot is. */
export const SLOT = 1_000n;

const VOUCHER = {
  Voucher: [
    { name: 'sender', type: 'address' },
    { name: 'receiver', type: 'address' },
    { name: 'epoch', type: 'uint64' },
    { name: 'first', type: 'uint16' },
    { name: 'count', type: 'uint16' },
    { name: 'topic', type: 'bytes32' },
  ],
};
const BURN = {
  Burn: [
    { name: 'voucher', type: 'bytes32' },
    { name: 'slots', type: 'uint256' },
  ],
};

/** The slots from `first` on, as the contract has them: one bit for each. */
export const slots = (first, count) => ((1n << BigInt(count)) - 1n) << BigInt(first);

/**
 * A contract of the project and what the tests need beside it, by name. Where it has a fault that the tests are to find
 * (mutate.mjs), it was compiled before, and stands in a file.
 */
export function compiled(file) {
  const { CONTRACTS } = process.env;
  if (CONTRACTS) return JSON.parse(readFileSync(CONTRACTS, 'utf8'));
  return { ...compileSolidity(file, { folder: PRODUCT, evmVersion: 'cancun' }), ...helpers() };
}

/** Tokens and accounts for the tests. */
export function helpers() {
  return {
    ...compileSolidity('StakedTokens.sol', { evmVersion: 'cancun', isOptimized: false }),
    ...compileSolidity('SmartAccount.sol', { isOptimized: false }),
  };
}

/** A contract is an address with what it calls its functions and errors: `{ address, abi }`. */
export class World {
  #rpcUrl;
  #errors;

  /** Starts a chain, and compiles a contract of the project and what the tests need beside it. */
  static async start(file) {
    const anvil = await startAnvil(await freePort());
    const world = World.at(anvil.rpcUrl, file);
    world.stop = anvil.stop;
    return world;
  }

  /** The same on a chain that is there. */
  static at(rpcUrl, file) {
    const world = new World();
    world.#rpcUrl = rpcUrl;
    world.people = Object.fromEntries(people().map((person) => [person.label, person.address]));
    world.wallets = Object.fromEntries(people().map(({ label, privateKey }) => [label, new Wallet(privateKey)]));
    world.code = compiled(file);
    const errors = Object.values(world.code).flatMap(({ abi }) => abi.filter(({ type }) => type === 'error'));
    world.#errors = new Interface(errors);
    return world;
  }

  ask(method, ...params) {
    return rpc(this.#rpcUrl, method, params);
  }

  async deploy(name, types = [], values = []) {
    const { abi, bytecode } = this.code[name];
    const data = concat([bytecode, AbiCoder.defaultAbiCoder().encode(types, values)]);
    const receipt = await this.#send({ from: this.people.dave, data }, new Interface(abi));
    return { address: getAddress(receipt.contractAddress), abi: new Interface(abi) };
  }

  /** Sends a transaction and gives its receipt. If the contract refuses, the error's `refusal` is its name. */
  async send(from, { address, abi }, method, ...args) {
    return this.#send({ from, to: address, data: abi.encodeFunctionData(method, args) }, abi);
  }

  async call({ address, abi }, method, ...args) {
    const answer = await this.ask('eth_call', { to: address, data: abi.encodeFunctionData(method, args) }, 'latest');
    const result = abi.decodeFunctionResult(method, answer);
    return result.length === 1 ? result[0] : result;
  }

  async #send(transaction, abi) {
    const hash = await this.ask('eth_sendTransaction', transaction);
    const mined = () => this.ask('eth_getTransactionReceipt', hash);
    const receipt = await waitFor(`transaction ${hash}`, mined, { interval: 2 });
    if (receipt.status !== '0x1') throw await this.#refusal(transaction);
    receipt.events = receipt.logs
      .map((log) => abi.parseLog(log))
      .filter(Boolean)
      .map(({ name, args }) => ({ name, args }));
    return receipt;
  }

  /** Why a transaction failed: nothing has changed since, so it is asked again. */
  async #refusal(transaction) {
    try {
      await this.ask('eth_call', transaction, 'latest');
    } catch (error) {
      const told = typeof error.data === 'string' && error.data.length >= 10;
      return Object.assign(error, { refusal: told ? this.#errors.parseError(error.data)?.name : error.message });
    }
    return new Error('the transaction failed, and would not fail now');
  }

  /** Fails unless the contract refuses with the error of this name. */
  async refuses(refusal, sent) {
    await assert.rejects(sent, (error) => {
      assert.equal(error.refusal, refusal, error.message);
      return true;
    });
  }

  async now() {
    return Number((await this.ask('eth_getBlockByNumber', 'latest', false)).timestamp);
  }

  async goTo(seconds) {
    await this.ask('evm_setNextBlockTimestamp', seconds);
    await this.ask('evm_mine');
  }

  async epoch() {
    return Math.floor((await this.now()) / WEEK);
  }

  /** Goes to the beginning of an epoch that is so many away. */
  async pass(epochs) {
    const next = (await this.epoch()) + epochs;
    await this.goTo(next * WEEK);
    return next;
  }

  async balance(token, account) {
    return this.call(token, 'balanceOf', account);
  }
}

/** The deposits of one token, in a world. */
export class Deposits {
  /**
   * Deploys a token and the deposits in it, and gives everybody a million. An epoch begins then, unless the chain is to
   * stay at the time it is.
   */
  static async in(world, kind = 'SigningToken', { stays = false } = {}) {
    const made = new Deposits();
    made.world = world;
    made.token = await world.deploy(kind);
    made.contract = await world.deploy('Deposits', ['address', 'uint128'], [made.token.address, SLOT]);
    if (kind !== 'LyingToken') {
      for (const account of Object.values(world.people)) {
        await world.send(account, made.token, 'mint', account, 1_000_000n);
        await world.send(account, made.token, 'approve', made.contract.address, 1_000_000n);
      }
    }
    made.epoch = stays ? await world.epoch() : await world.pass(1);
    made.domain = {
      name: 'dm3 deposit',
      version: '1',
      chainId: 31337,
      verifyingContract: made.contract.address,
    };
    return made;
  }

  send(from, method, ...args) {
    return this.world.send(from, this.contract, method, ...args);
  }

  call(method, ...args) {
    return this.world.call(this.contract, method, ...args);
  }

  /** A sender deposits; gives the key that signs for it. */
  async by(sender, amount = 20n * SLOT, key = Wallet.createRandom()) {
    await this.send(sender, 'deposit', key.address, amount);
    return key;
  }

  /** A voucher as the contract takes it, with its signature. */
  async voucher(key, sender, receiver, given = {}) {
    const voucher = { sender, receiver, epoch: this.epoch, first: 0, count: 1, topic: toBeHex(7, 32), ...given };
    return [voucher, await key.signTypedData(this.domain, VOUCHER, voucher)];
  }

  /** The receiver's word that these slots shall burn. */
  async consent(receiver, voucher, burned) {
    const digest = await this.call('digestOf', voucher);
    return receiver.signTypedData(this.domain, BURN, { voucher: digest, slots: burned });
  }

  balance(account = this.contract.address) {
    return this.world.balance(this.token, account);
  }

  /** What is left of a deposit. */
  async left(sender, key) {
    return (await this.call('depositOf', sender, key.address)).amount;
  }
}
