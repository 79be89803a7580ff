// The local chain: anvil, its funded accounts, and the ENS contracts with the records of our small world.

import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import {
  AbiCoder,
  EnsPlugin,
  HDNodeWallet,
  Interface,
  JsonRpcProvider,
  Mnemonic,
  Network,
  ZeroAddress,
  ZeroHash,
  concat,
  getAddress,
  id,
  namehash,
} from 'ethers';
import { startProcess, waitFor } from './process.mjs';

const require = createRequire(import.meta.url);

export const CHAIN_ID = 31337;

/** The name under which the delivery service is found, and the domain of address names. */
export const NODE_NAME = 'ds.dm3.eth';
export const ADDRESS_DOMAIN = 'addr.dm3.eth';

/** The same of both nodes that a local network can have, and the domain below which each gives names away. */
export const NODES = [
  { name: NODE_NAME, domain: ADDRESS_DOMAIN, userDomain: 'user.dm3.eth' },
  { name: 'ds.other.eth', domain: 'addr.other.eth', userDomain: 'user.other.eth' },
];
export const DELIVERY_SERVICE_RECORD = 'network.dm3.deliveryService';

/** Anvil's own, publicly known mnemonic: its accounts are funded and unlocked. Never use it elsewhere. */
const MNEMONIC = 'test test test test test test test test test test test junk';

/** Account 0 deploys and owns the contracts; these are the people. `name` is absent for whoever has none. */
const PEOPLE = [
  { index: 1, label: 'alice', name: 'alice.eth' },
  { index: 2, label: 'bob', name: 'bob.eth' },
  { index: 3, label: 'carol' },
  { index: 4, label: 'dave', name: 'dave.eth' },
  { index: 5, label: 'collector', name: 'a-very-long-name-of-a-collector-of-things.eth' },
  { index: 6, label: 'mallory', name: 'mallory.eth' },
  { index: 7, label: 'shop', name: 'shop.eth' },
];

/** The account that deploys the contracts, and owns what has an owner. */
export const deployer = () => wallet(0).address;

function wallet(index) {
  return HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(MNEMONIC), `m/44'/60'/0'/0/${index}`);
}

/** The people of the local network: `{label, address, privateKey, name?}`. */
export function people() {
  return PEOPLE.map(({ index, label, name }) => {
    const { address, privateKey } = wallet(index);
    return { label, address, privateKey, ...(name && { name }) };
  });
}

/** The account that answers every message (echo.mjs); nobody of the people. */
export function echoAccount() {
  const { address, privateKey } = wallet(8);
  return { label: 'echo', address, privateKey, name: 'echo.eth' };
}

/** The account with which a node brings burns to the chain; nobody of the people. */
export function relayAccount() {
  const { address, privateKey } = wallet(9);
  return { label: 'relay', address, privateKey };
}

function anvilProgram() {
  if (process.env.ANVIL) return process.env.ANVIL;
  // The platform package is used directly: the launcher package would only look for it.
  try {
    const folder = require.resolve('@foundry-rs/anvil-linux-amd64/package.json').replace(/package\.json$/, '');
    if (existsSync(`${folder}bin/anvil`)) return `${folder}bin/anvil`;
  } catch {
    // Another platform: whatever is on the PATH.
  }
  return 'anvil';
}

/** Starts anvil on `port`; resolves when it answers. */
export async function startAnvil(port) {
  const tail = [];
  const anvil = startProcess(
    anvilProgram(),
    ['--host', '127.0.0.1', '--port', `${port}`, '--chain-id', `${CHAIN_ID}`, '--silent', '--mnemonic', MNEMONIC],
    { onLine: (line) => tail.push(line) && tail.length > 20 && tail.shift() },
  );
  const rpcUrl = `http://127.0.0.1:${port}`;
  try {
    await waitFor('anvil', async () => {
      if (!anvil.running) {
        const hint = 'Set ANVIL to the program of your platform, or install Foundry.';
        throw Object.assign(new Error(`anvil ended at once. ${hint}\n${tail.join('\n')}`), { final: true });
      }
      return (await rpc(rpcUrl, 'eth_chainId')) === `0x${CHAIN_ID.toString(16)}`;
    });
  } catch (error) {
    await anvil.stop();
    throw error;
  }
  return { rpcUrl, stop: anvil.stop };
}

/** Asks the chain. What a contract says when it refuses is the error's `data`. */
export async function rpc(url, method, params = []) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const { result, error } = await response.json();
  if (error) throw Object.assign(new Error(`${method}: ${error.message}`), { data: error.data });
  return result;
}

/** An ethers provider that knows this network's ENS registry: the independent client of our own tests. */
export function ensProvider({ rpcUrl, registry }) {
  const network = new Network('localnet', CHAIN_ID).attachPlugin(new EnsPlugin(registry, CHAIN_ID));
  return new JsonRpcProvider(rpcUrl, network, { staticNetwork: network, cacheTimeout: -1 });
}

/*
 * Only the compiled artifacts of these packages are used. Their own dependencies (hardhat and truffle tool chains of
 * several hundred megabytes) are replaced in package.json's `overrides` by a small package that is there anyway.
 */
const ARTIFACTS = {
  registry: '@ensdomains/ens/build/contracts/ENSRegistry.json',
  publicResolver: '@ensdomains/resolver/build/contracts/PublicResolver.json',
  ccipResolver: 'ccip-resolver/artifacts/contracts/ERC3668Resolver.sol/ERC3668Resolver.json',
  verifier: 'ccip-resolver/artifacts/contracts/verifier/signature/SignatureCcipVerifier.sol/SignatureCcipVerifier.json',
};

/** Sends from unlocked accounts. Anvil mines each transaction at once: the receipt is there within milliseconds. */
export class Sender {
  #rpcUrl;

  constructor(rpcUrl) {
    this.#rpcUrl = rpcUrl;
  }

  async send(transaction) {
    const hash = await rpc(this.#rpcUrl, 'eth_sendTransaction', [transaction]);
    const receipt = await waitFor(`transaction ${hash}`, () => rpc(this.#rpcUrl, 'eth_getTransactionReceipt', [hash]), {
      interval: 5,
    });
    if (receipt.status !== '0x1') throw new Error(`transaction ${hash} failed`);
    return receipt;
  }

  async deploy(kind, from, types = [], values = []) {
    return this.deployCode(require(ARTIFACTS[kind]), from, types, values);
  }

  /** Deploys what a compiler made of a contract. */
  async deployCode({ abi, bytecode }, from, types = [], values = []) {
    const data = concat([bytecode, AbiCoder.defaultAbiCoder().encode(types, values)]);
    const { contractAddress } = await this.send({ from, data });
    return new Contract(this, getAddress(contractAddress), new Interface(abi));
  }
}

class Contract {
  #sender;
  #abi;

  constructor(sender, address, abi) {
    this.#sender = sender;
    this.address = address;
    this.#abi = abi;
  }

  call(from, method, args) {
    return this.#sender.send({ from, to: this.address, data: this.#abi.encodeFunctionData(method, args) });
  }
}

/** Deploys the registry, a public resolver and dm3's CCIP resolver, and registers everybody's names. */
export async function deployNames(rpcUrl, accounts) {
  const sender = new Sender(rpcUrl);
  const owner = deployer();

  const registry = await sender.deploy('registry', owner);
  const resolver = await sender.deploy('publicResolver', owner, ['address'], [registry.address]);
  // No name wrapper and no default verifier: each domain of address names gets its own below.
  const ccipResolvers = [];
  for (const _ of NODES) {
    const types = ['address', 'address', 'address', 'string[]'];
    ccipResolvers.push(
      await sender.deploy('ccipResolver', owner, types, [registry.address, ZeroAddress, ZeroAddress, []]),
    );
  }

  /** Gives `label` below `parent` to `holder`; the node's records are then the holder's to set. */
  const register = (parent, label, holder, resolverAddress = ZeroAddress) =>
    registry.call(owner, 'setSubnodeRecord', [
      parent ? namehash(parent) : ZeroHash,
      id(label),
      holder,
      resolverAddress,
      0,
    ]);

  await register('', 'eth', owner);
  await register('', 'reverse', owner);
  await register('reverse', 'addr', owner);
  for (const { address, name } of accounts) {
    if (!name) continue;
    await register('eth', name.replace(/\.eth$/, ''), address, resolver.address);
    await resolver.call(address, 'setAddr(bytes32,address)', [namehash(name), address]);
    const reverse = address.slice(2).toLowerCase();
    await register('addr.reverse', reverse, address, resolver.address);
    await resolver.call(address, 'setName', [namehash(`${reverse}.addr.reverse`), name]);
  }
  const labels = NODES.map(({ domain }) => domain.split('.')[1]);
  for (const [number, label] of labels.entries()) {
    await register('eth', label, owner);
    await register(`${label}.eth`, 'ds', owner, resolver.address);
    await register(`${label}.eth`, 'addr', owner, ccipResolvers[number].address);
    await register(`${label}.eth`, 'user', owner, ccipResolvers[number].address);
  }

  return {
    registry: registry.address,
    gatewayResolvers: ccipResolvers.map(({ address }) => address),

    /** The owner of a name points it to an address, or to nobody. */
    pointName: (name, ownerAddress, address = ZeroAddress) =>
      resolver.call(ownerAddress, 'setAddr(bytes32,address)', [namehash(name), address]),

    /** The owner of a name publishes a text at it. */
    setText: (name, ownerAddress, key, text) => resolver.call(ownerAddress, 'setText', [namehash(name), key, text]),

    /** Says where a node's delivery service is and which keys it has, and who may sign for the names it answers for. */
    async announceNode({ url, publicSigningKey, publicEncryptionKey, gatewayAddress }, number = 0) {
      const { name, domain, userDomain } = NODES[number];
      const ccipResolver = ccipResolvers[number];
      const profile = JSON.stringify({ publicEncryptionKey, publicSigningKey, url: `${url}/ds` });
      await resolver.call(owner, 'setText', [
        namehash(name),
        DELIVERY_SERVICE_RECORD,
        `data:application/json,${profile}`,
      ]);
      const verifier = await sender.deploy(
        'verifier',
        owner,
        ['address', 'string', 'string', 'uint256', 'address', 'address[]'],
        [owner, '', 'dm3 names', 60, ccipResolver.address, [gatewayAddress]],
      );
      for (const answered of [domain, userDomain]) {
        await ccipResolver.call(owner, 'setVerifierForDomain', [
          namehash(answered),
          verifier.address,
          [`${url}/resolver/{sender}/{data}`],
        ]);
      }
    },
  };
}
