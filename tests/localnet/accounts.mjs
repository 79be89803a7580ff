// Accounts that are contracts, on the local chain: a real Safe, on the chain or not yet, and a smart account of our own.
//
// The Safe is @safe-global/safe-smart-account as it was published and compiled (LGPL-3.0). It is deployed by tests and
// is no part of anything that is shipped.

import { createRequire } from 'node:module';
import {
  AbiCoder,
  Contract,
  ContractFactory,
  NonceManager,
  SigningKey,
  TypedDataEncoder,
  Wallet,
  ZeroAddress,
  computeAddress,
  concat,
  getBytes,
  hashMessage,
} from 'ethers';
import { CHAIN_ID, ensProvider, people } from './chain.mjs';
import { compileSolidity } from './solidity.mjs';

const require = createRequire(import.meta.url);

/** What a signature of an account that is not deployed yet ends in (ERC-6492). */
const NOT_DEPLOYED = `0x${'6492'.repeat(16)}`;

const artifact = (file, name) =>
  require(`@safe-global/safe-smart-account/build/artifacts/contracts/${file}.sol/${name}.json`);

/**
 * Makes contract accounts on a running local network. Each is `{address, sign(message)}`, where `sign` answers
 * `personal_sign` of the bytes in `message` (hex), as a wallet of that kind does.
 */
export async function contractAccounts(net) {
  const provider = ensProvider(net);
  const { privateKey } = people().find(({ label }) => label === 'dave');
  const deployer = new NonceManager(new Wallet(privateKey, provider));
  const deploy = async ({ abi, bytecode }, ...args) => {
    const contract = await new ContractFactory(abi, bytecode, deployer).deploy(...args);
    return contract.waitForDeployment();
  };
  const singleton = await deploy(artifact('Safe', 'Safe'));
  const handler = await deploy(artifact('handler/CompatibilityFallbackHandler', 'CompatibilityFallbackHandler'));
  const factory = await deploy(artifact('proxies/SafeProxyFactory', 'SafeProxyFactory'));
  let salt = 0;

  /** A Safe of which `threshold` owners must sign; which of them do changes each time. */
  async function safe({ owners, threshold, deployed = true }) {
    const keys = owners.map((key) => new SigningKey(key));
    const addresses = keys.map((key) => computeAddress(key.publicKey));
    const setup = singleton.interface.encodeFunctionData('setup', [
      ...[addresses, threshold, ZeroAddress, '0x', handler.target, ZeroAddress, 0, ZeroAddress],
    ]);
    salt += 1;
    const creation = [singleton.target, setup, salt];
    const address = await factory.createProxyWithNonce.staticCall(...creation);
    if (deployed) await (await factory.createProxyWithNonce(...creation)).wait();
    let turn = 0;
    return {
      address,
      sign(message) {
        const hash = hashMessage(getBytes(message));
        const text = TypedDataEncoder.hash(
          { chainId: CHAIN_ID, verifyingContract: address },
          { SafeMessage: [{ name: 'message', type: 'bytes' }] },
          { message: AbiCoder.defaultAbiCoder().encode(['bytes32'], [hash]) },
        );
        const signing = Array.from({ length: threshold }, (_, i) => (turn + i) % keys.length);
        turn += 1;
        // A Safe wants the signatures in the order of their owners' addresses.
        signing.sort((a, b) => (BigInt(addresses[a]) < BigInt(addresses[b]) ? -1 : 1));
        const signature = concat(signing.map((i) => keys[i].sign(text).serialized));
        if (deployed) return signature;
        const data = factory.interface.encodeFunctionData('createProxyWithNonce', creation);
        const wrapped = AbiCoder.defaultAbiCoder().encode(
          ['address', 'bytes', 'bytes'],
          [factory.target, data, signature],
        );
        return concat([wrapped, NOT_DEPLOYED]);
      },
    };
  }

  /** An account with one owner that checks nothing but their signature. */
  async function smartAccount({ owner }) {
    const key = new SigningKey(owner);
    const account = await deploy(compileSolidity('SmartAccount.sol').SmartAccount, computeAddress(key.publicKey));
    return { address: account.target, sign: (message) => key.sign(hashMessage(getBytes(message))).serialized };
  }

  return {
    safe,
    smartAccount,
    codeOf: (address) => provider.getCode(address),
    /** Whether the chain takes a signature of a message for the account's own. */
    async accepts({ address }, message, signature) {
      const account = new Contract(address, ['function isValidSignature(bytes32,bytes) view returns (bytes4)'], provider);
      return (await account.isValidSignature(hashMessage(getBytes(message)), signature)) === '0x1626ba7e';
    },
    close: () => provider.destroy(),
  };
}
