// npm start: installs what is missing, builds, and runs the local network with the demo pages until Ctrl-C.

import { XTASK_ENV, setup } from './index.mjs';
import { Steps, runLabelled } from './steps.mjs';

/** The page server's port when it is free; Trunk.toml proxies to it. */
const PAGE_PORT = 8383;

/** Chosen together in each command: else cargo would compile what both share in two forms. */
const NODE_AND_XTASK = ['-p', 'dm3-node', '-p', 'xtask'];

const steps = new Steps();

async function start() {
  setup('tools');
  console.log('── Installing the npm packages, and building the tool that cuts and binds the WASM');
  await Promise.all([
    steps.step('npm packages', () => runLabelled('npm', process.execPath, ['tests/setup/index.mjs', 'build'])),
    steps.step('the tool for WASM', () =>
      runLabelled('tool', 'cargo', ['build', '--locked', ...NODE_AND_XTASK, '--bin', 'xtask']),
    ),
  ]);

  // These need the packages.
  const { startLocalnet } = await import('../localnet/index.mjs');
  const { servePages } = await import('../localnet/serve.mjs');
  const { startEcho } = await import('../localnet/echo.mjs');

  // Side by side: linking and shrinking the element keeps one core busy for a while, the node's many crates the other.
  console.log('\n── Building the element and the node; the chain starts meanwhile');
  const element = steps.step('the element', () =>
    runLabelled('element', process.execPath, ['widget/build.mjs'], XTASK_ENV),
  );
  const node = steps.step('the node', () => runLabelled('node', 'cargo', ['build', '--locked', ...NODE_AND_XTASK]));
  const started = steps.step('the local network, with the wait for the node', () =>
    startLocalnet({ built: node, stakes: true, log: (line) => console.log(line) }),
  );
  const [net] = await Promise.all([started, element, node]);
  const pages = await servePages({ net, port: PAGE_PORT });

  // Nobody waits for it: what is written to it before is answered when it is there.
  const echo = steps.step('the account that answers', async () => {
    await runLabelled('echo', 'cargo', ['build', '--locked', '-p', 'dm3-core', '--example', 'echo_bot']);
    await startEcho(net);
  });

  const width = Math.max(...net.accounts.map(({ label }) => label.length));
  console.log(`
The demo runs. Open it in two windows: each window is a person of its own.

  ${pages.url}/?as=alice
  ${pages.url}/?as=bob

Without a wallet: ${pages.url}/try/ – ${net.echo.name} answers there, in a minute or two

Other pages: ${pages.url}/inline.html  ${pages.url}/shop.html  ${pages.url}/isolated.html
Docs:        ${pages.url}/docs/ (after npm run docs)
Node:        ${net.nodeUrl}
Chain:       ${net.rpcUrl} (chain id ${net.chainId}; a browser wallet can use it with the accounts below)

Accounts (known to everybody, never use them elsewhere):
${net.accounts
  .map(({ label, name, address, privateKey }) =>
    `  ${label.padEnd(width)}  ${address}  ${privateKey}  ${name ?? '(no name)'}`)
  .join('\n')}

It took (what ran side by side adds up to more than all):
${steps.report()}

Ctrl-C ends all of it.`);
  await echo.then(
    () => console.log(`\n${net.echo.name} answers now: ${pages.url}/try/`),
    (error) => console.error(`\n${net.echo.name} does not answer: ${error.message}. Everything else runs.`),
  );
}

start().catch((error) => {
  console.error(`\nnpm start failed: ${error.message}`);
  process.exit(1);
});
