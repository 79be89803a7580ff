// npm start: installs what is missing, builds, and runs the local network with the demo pages until Ctrl-C.

import { spawnSync } from 'node:child_process';
import { ROOT, setup } from './index.mjs';

/** The page server's port when it is free; Trunk.toml proxies to it. */
const PAGE_PORT = 8383;

function step(title, program, args) {
  console.log(`\n── ${title}`);
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${title}: failed${error ? ` (${error.message})` : ''}`);
    process.exit(1);
  }
}

setup('start');
step('Building the element', process.execPath, ['widget/build.mjs']);
step('Building the node', 'cargo', ['build', '-p', 'dm3-node']);

console.log('\n── Starting the local network');
const { startLocalnet } = await import('../localnet/index.mjs');
const { servePages } = await import('../localnet/serve.mjs');
const net = await startLocalnet({ log: (line) => console.log(line) });
const pages = await servePages({ net, port: PAGE_PORT });

const width = Math.max(...net.accounts.map(({ label }) => label.length));
console.log(`
The demo runs. Open it in two windows: each window is a person of its own.

  ${pages.url}/?as=alice
  ${pages.url}/?as=bob

Other pages: ${pages.url}/inline.html  ${pages.url}/shop.html
Node:        ${net.nodeUrl}
Chain:       ${net.rpcUrl} (chain id ${net.chainId}; a browser wallet can use it with the accounts below)

Accounts (known to everybody, never use them elsewhere):
${net.accounts
  .map(({ label, name, address, privateKey }) =>
    `  ${label.padEnd(width)}  ${address}  ${privateKey}  ${name ?? '(no name)'}`)
  .join('\n')}

Ctrl-C ends all of it.`);
