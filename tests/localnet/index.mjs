// A dm3 world on this machine: a chain with ENS names, people with funded accounts, and one node or two.

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHAIN_ID, NODES, deployNames, echoAccount, people, startAnvil } from './chain.mjs';
import { configureNode, makeNodeSecrets } from './node.mjs';
import { freePort } from './process.mjs';
import { deployStakes, relaySettings } from './stakes.mjs';

/**
 * Starts the local network.
 *
 * With `node: false` only the chain runs and the node's records are missing; with `second` a second node runs beside
 * the first, with a name, a domain of address names, keys and a database of its own: `second` of the result. With `stakes` the
 * contracts for deposits and attention are on the chain, with a token of which everybody has 1,000: `stakes` of the result
 * has their addresses. They take seconds to compile. `settings` are more keys of the nodes' configuration, or give them when
 * they are called with `{ accounts, stakes }`; `built` resolves when the node's program is there, if it is still being built;
 * with `release` that is the program as operators run it, and with `clock` `setNodeClock` puts its clock wrong. Everything that was started ends with `stop()`, at SIGINT and
 * SIGTERM, and when this process ends in any other way.
 */
export async function startLocalnet({
  node: withNode = true,
  second: withSecond = false,
  stakes: withStakes = false,
  settings = {},
  release = false,
  clock = false,
  built,
  log = () => {},
} = {}) {
  const folder = withNode ? await mkdtemp(join(tmpdir(), 'dm3-localnet-')) : null;
  const cleanups = [() => folder && rm(folder, { recursive: true, force: true })];
  let stopping = null;

  const onExit = () => folder && rmSync(folder, { recursive: true, force: true });
  const onSignal = (signal) => {
    stop().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  };
  const stop = () =>
    (stopping ??= (async () => {
      for (const cleanup of cleanups.reverse()) await cleanup();
      process.off('exit', onExit).off('SIGINT', onSignal).off('SIGTERM', onSignal);
    })());
  process.on('exit', onExit).on('SIGINT', onSignal).on('SIGTERM', onSignal);

  try {
    const accounts = people();
    const echo = echoAccount();
    const chain = await startAnvil(await freePort());
    cleanups.push(chain.stop);
    log(`chain: ${chain.rpcUrl} (chain id ${CHAIN_ID})`);
    const names = await deployNames(chain.rpcUrl, [...accounts, echo]);
    log(`ENS registry: ${names.registry}`);

    const stakes = withStakes ? await deployStakes(chain.rpcUrl, accounts) : undefined;
    if (stakes) log(`deposits: ${stakes.deposits}, attention: ${stakes.attention}, token: ${stakes.token}`);

    const { pointName, setText } = names;
    const network = {
      rpcUrl: chain.rpcUrl,
      registry: names.registry,
      chainId: CHAIN_ID,
      accounts,
      echo,
      stakes,
      pointName,
      setText,
      stop,
    };
    if (!withNode) return network;

    await built;
    const more = typeof settings === 'function' ? settings({ accounts, stakes }) : settings;
    const world = { chain, names, settings: { ...(stakes && relaySettings(stakes)), ...more }, release, clock, cleanups, log };
    const first = await addNode({ ...world, folder, number: 0 });
    if (!withSecond) return { ...network, ...first };
    const secondFolder = join(folder, 'second');
    await mkdir(secondFolder);
    return { ...network, ...first, second: await addNode({ ...world, folder: secondFolder, number: 1 }) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Configures, announces and starts one node. */
async function addNode({ chain, names, settings, release, clock, cleanups, log, folder, number }) {
  const { name, domain, userDomain } = NODES[number];
  const secrets = makeNodeSecrets();
  const node = await configureNode({
      folder,
      release,
      clock,
      log,
      port: await freePort(),
      settings: {
        name,
        address_domain: domain,
        user_domain: userDomain,
        rpc_url: chain.rpcUrl,
        public_rpc_url: chain.rpcUrl,
        chain_id: CHAIN_ID,
        ens_registry: names.registry,
        signing_seed: secrets.signingSeed,
        gateway_private_key: secrets.gatewayPrivateKey,
        gateway_resolver: names.gatewayResolvers[number],
        // Everything is on this machine, and many tabs of a test come from one address.
        allow_private_networks: true,
        requests_per_minute_per_address: 0,
        proxied_per_minute_per_address: 0,
        requests_per_minute_per_account: 0,
        messages_per_minute_per_sender: 0,
        unknown_messages_per_minute_per_address: 0,
        unknown_messages_per_minute_per_mailbox: 0,
        names_per_day_per_address: 0,
        codes_per_day_per_recipient: 0,
        codes_per_hour_per_address: 0,
        // The tests want to see that the element itself tells a forged sender.
        sender_check: 'mark',
        ...settings,
      },
    });
    const keys = await node.keys();
    await names.announceNode({ url: node.url, ...keys }, number);
    await node.start();
    cleanups.push(node.stop);
    log(`node: ${node.url}`);
    return {
      name,
      domain,
      nodeUrl: node.url,
      nodeKeys: keys,
      nodeSeed: secrets.signingSeed,
      checkNode: node.check,
      operateNode: node.operate,
      startNode: node.start,
      stopNode: node.stop,
      setNodeClock: node.setClock,
    };
}
