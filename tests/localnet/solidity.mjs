// Compiles the contracts of the project and of the tests, and the one piece of EVM code the core carries.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

/** Where the contracts of the tests are, and those of the project. */
const CONTRACTS = fileURLToPath(new URL('contracts', import.meta.url));
export const PRODUCT = fileURLToPath(new URL('../../core/contracts', import.meta.url));

/** What a contract imports: of OpenZeppelin's package alone. */
function imported(path) {
  if (!path.startsWith('@openzeppelin/contracts/')) return { error: 'not OpenZeppelin' };
  return { contents: readFileSync(require.resolve(path), 'utf8') };
}

function compile(language, file, source, settings, isStrict = false) {
  // Loading the compiler takes a second, so it is loaded by those alone who compile.
  const solc = require('solc');
  const input = {
    language,
    sources: { [file]: { content: source } },
    settings: {
      // Older than the newest, so that it runs on every chain a person may be on.
      evmVersion: 'paris',
      // Of this file alone: code of what it imports would take as long again.
      outputSelection: { [file]: { '*': ['abi', 'evm.bytecode.object'] } },
      ...settings,
    },
  };
  const { contracts, errors = [] } = JSON.parse(solc.compile(JSON.stringify(input), { import: imported }));
  const isBad = ({ severity, sourceLocation }) =>
    severity === 'error' || (isStrict && severity === 'warning' && sourceLocation?.file === file);
  const failures = errors.filter(isBad).map(({ formattedMessage }) => formattedMessage);
  if (failures.length > 0) throw new Error(failures.join('\n'));
  return contracts[file];
}

/**
 * The contracts in a file of a folder, by name: what ethers' ContractFactory takes. Those that use OpenZeppelin's need
 * `cancun`, which their package has used since 5.6.
 */
export function compileSolidity(file, { folder = CONTRACTS, evmVersion = 'paris', isOptimized = true } = {}) {
  const source = readFileSync(join(folder, file), 'utf8');
  // In what people trust with their money, what the compiler warns of is an error.
  return compileSource(file, source, { evmVersion, isOptimized, isStrict: folder === PRODUCT });
}

/** The same of a source that is in no file; `file` is what it is called. */
export function compileSource(file, source, { evmVersion, isOptimized, isStrict = false }) {
  const settings = { evmVersion, optimizer: { enabled: isOptimized }, viaIR: isOptimized };
  const contracts = compile('Solidity', file, source, settings, isStrict);
  return Object.fromEntries(
    Object.entries(contracts).map(([name, { abi, evm }]) => [name, { abi, bytecode: `0x${evm.bytecode.object}` }]),
  );
}

/** The bytecode of a Yul object as hexadecimal digits, made as small as the compiler can. */
export function compileYul(path, object) {
  const contracts = compile('Yul', object, readFileSync(path, 'utf8'), { optimizer: { enabled: true, runs: 1 } });
  return contracts[object].evm.bytecode.object;
}
