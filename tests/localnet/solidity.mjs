// Compiles the contracts of the tests, and the one piece of EVM code the core carries.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import solc from 'solc';

const CONTRACTS = fileURLToPath(new URL('contracts', import.meta.url));

function compile(language, file, source, settings) {
  const input = {
    language,
    sources: { [file]: { content: source } },
    settings: {
      // Older than the newest, so that it runs on every chain a person may be on.
      evmVersion: 'paris',
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
      ...settings,
    },
  };
  const { contracts, errors = [] } = JSON.parse(solc.compile(JSON.stringify(input)));
  const failures = errors.filter(({ severity }) => severity === 'error').map(({ formattedMessage }) => formattedMessage);
  if (failures.length > 0) throw new Error(failures.join('\n'));
  return contracts[file];
}

/** The contracts in a file of `contracts/`, by name: what ethers' ContractFactory takes. */
export function compileSolidity(file) {
  const contracts = compile('Solidity', file, readFileSync(join(CONTRACTS, file), 'utf8'), {
    optimizer: { enabled: true },
    viaIR: true,
  });
  return Object.fromEntries(
    Object.entries(contracts).map(([name, { abi, evm }]) => [name, { abi, bytecode: `0x${evm.bytecode.object}` }]),
  );
}

/** The bytecode of a Yul object as hexadecimal digits, made as small as the compiler can. */
export function compileYul(path, object) {
  const contracts = compile('Yul', object, readFileSync(path, 'utf8'), { optimizer: { enabled: true, runs: 1 } });
  return contracts[object].evm.bytecode.object;
}
