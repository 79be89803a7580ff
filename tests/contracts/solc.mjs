#!/usr/bin/env node
// A compiler as slither calls one, over the JavaScript build of it that the tests use: `--version`, and
// `FILE --combined-json …`. Slither reads what it prints.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import solc from 'solc';

const require = createRequire(import.meta.url);
const args = process.argv.slice(2);
if (args.includes('--version')) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else {
  console.log(JSON.stringify(combined(args.find((arg) => arg.endsWith('.sol')))));
}

/** What the compiler says of a file, in the form of `--combined-json`. */
function combined(file) {
  const packages = dirname(dirname(require.resolve('@openzeppelin/contracts/package.json')));
  const input = {
    language: 'Solidity',
    sources: { [file]: { content: readFileSync(file, 'utf8') } },
    settings: {
      evmVersion: 'cancun',
      // What is imported is called by where it is, as slither looks for it there.
      remappings: [`@openzeppelin/=${packages}/`],
      outputSelection: { '*': { '*': ['*'], '': ['ast'] } },
    },
  };
  const imported = (path) => ({ contents: readFileSync(path, 'utf8') });
  const { contracts, sources, errors = [] } = JSON.parse(solc.compile(JSON.stringify(input), { import: imported }));
  const failures = errors.filter(({ severity }) => severity === 'error');
  if (failures.length > 0) throw new Error(failures.map(({ formattedMessage }) => formattedMessage).join('\n'));
  const flat = Object.entries(contracts).flatMap(([path, inFile]) =>
    Object.entries(inFile).map(([name, it]) => [`${path}:${name}`, described(it)]),
  );
  const order = Object.entries(sources).sort(([, a], [, b]) => a.id - b.id);
  return {
    contracts: Object.fromEntries(flat),
    sources: Object.fromEntries(order.map(([path, { ast }]) => [path, { AST: ast }])),
    sourceList: order.map(([path]) => path),
    version: solc.version(),
  };
}

function described({ abi, devdoc, userdoc, evm }) {
  const { bytecode, deployedBytecode, methodIdentifiers } = evm;
  return {
    abi,
    bin: bytecode.object,
    'bin-runtime': deployedBytecode.object,
    srcmap: bytecode.sourceMap,
    'srcmap-runtime': deployedBytecode.sourceMap,
    hashes: methodIdentifiers,
    devdoc,
    userdoc,
  };
}
