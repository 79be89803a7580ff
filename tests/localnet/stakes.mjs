// The project's contracts for deposits and attention on the local chain, with a token for both of which everybody has some.

import { parseUnits } from 'ethers';
import { Sender, deployer, relayAccount } from './chain.mjs';
import { PRODUCT, compileSolidity } from './solidity.mjs';

/** How much a slot is, and how much everybody has: in the token's smallest unit. */
export const SLOT = parseUnits('0.5', 18);
const EACH = parseUnits('1000', 18);

/** How a node brings burns to the chain. */
export const relaySettings = ({ deposits }) => ({
  relay_private_key: relayAccount().privateKey,
  relay_contracts: deposits,
});

/** Compiles and deploys them. Gives their addresses: `{ deposits, attention, token }`. */
export async function deployStakes(rpcUrl, accounts) {
  const sender = new Sender(rpcUrl);
  const owner = deployer();
  // What takes the least time: nobody pays for gas here.
  const ours = (file) => compileSolidity(file, { folder: PRODUCT, evmVersion: 'cancun', isOptimized: false });
  const { SigningToken } = compileSolidity('StakedTokens.sol', { evmVersion: 'cancun', isOptimized: false });
  const token = await sender.deployCode(SigningToken, owner);
  const types = ['address', 'uint128'];
  const deposits = await sender.deployCode(ours('Deposits.sol').Deposits, owner, types, [token.address, SLOT]);
  const attention = await sender.deployCode(ours('Attention.sol').Attention, owner);
  for (const { address } of accounts) await token.call(address, 'mint', [address, EACH]);
  return { deposits: deposits.address, attention: attention.address, token: token.address };
}
