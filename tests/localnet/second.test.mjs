// The second node: a name, a domain of address names, keys and a database of its own, on the same chain.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DELIVERY_SERVICE_RECORD, NODES, ensProvider } from './chain.mjs';
import { startLocalnet } from './index.mjs';

describe('two nodes on one chain', () => {
  let net;
  let provider;

  before(async () => {
    net = await startLocalnet({ second: true });
    provider = ensProvider(net);
  });
  after(async () => {
    provider?.destroy();
    await net?.stop();
  });

  test('each is deployed as its check wants it', async () => {
    for (const node of [net, net.second]) assert.match(await node.checkNode(), /\S/);
  });

  test('each describes itself, and neither is the other', async () => {
    const descriptions = [];
    for (const [number, node] of [net, net.second].entries()) {
      const description = await (await fetch(`${node.nodeUrl}/.well-known/dm3`)).json();
      assert.equal(description.name, NODES[number].name);
      assert.equal(description.addressDomain, NODES[number].domain);
      assert.equal(description.ensRegistry.toLowerCase(), net.registry.toLowerCase());
      descriptions.push(description.deliveryServiceUrl);
      const record = await (await provider.getResolver(node.name)).getText(DELIVERY_SERVICE_RECORD);
      assert.equal(JSON.parse(record.replace(/^data:application\/json,/, '')).url, `${node.nodeUrl}/ds`);
    }
    assert.notEqual(...descriptions);
    assert.notDeepEqual(net.nodeKeys, net.second.nodeKeys);
  });

  test('each domain is answered by its own gateway', async () => {
    const [{ address }] = net.accounts;
    for (const { domain } of NODES) {
      const resolver = await provider.getResolver(`${address.toLowerCase()}.${domain}`);
      assert.equal(await resolver.getText('network.dm3.profile'), '');
    }
  });

  test('a name can be given away', async () => {
    const [alice, , , dave, , mallory] = net.accounts;
    await net.pointName('dave.eth', dave.address, mallory.address);
    assert.equal(await provider.resolveName('dave.eth'), mallory.address);
    await net.pointName('dave.eth', dave.address);
    assert.equal(await provider.resolveName('dave.eth'), null);
    assert.equal(await provider.resolveName('alice.eth'), alice.address);
  });
});
