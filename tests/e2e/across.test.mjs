// Two people of two nodes, each with a name, a domain of address names, a database and pages of its own: everything
// that two people do, under the policy that names the own node and the chain alone, and under one that allows both nodes.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { NODES } from '../localnet/chain.mjs';
import { profileRecord } from './client.mjs';
import { choose, entry, standing } from './messages.mjs';
import { until, useWorld } from './support.mjs';

const PROFILE_RECORD = 'network.dm3.profile';

/** Somebody's web server and gateway of IPFS, which no policy names. `block` and `document` put a text there, and give its address. */
const host = await (async () => {
  const texts = {};
  const asked = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://host');
    asked.push(pathname);
    const text = texts[pathname];
    response.writeHead(text === undefined ? 404 : 200, { 'content-type': 'application/octet-stream' }).end(text);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  const url = `http://127.0.0.1:${server.address().port}`;
  const hash = (text) => createHash('sha256').update(text).digest();
  return {
    url,
    asked,
    block(text) {
      const cid = base32(Buffer.concat([Buffer.from([1, 0x55, 0x12, 0x20]), hash(text)]));
      texts[`/ipfs/b${cid}`] = text;
      return `ipfs://b${cid}`;
    },
    document(text) {
      texts['/profile.json'] = text;
      return `${url}/profile.json?dm3Hash=${hash(text).toString('hex')}`;
    },
  };
})();

/** RFC 4648 in lower case, without padding. */
function base32(bytes) {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits.match(/.{1,5}/g).map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[parseInt(five.padEnd(5, '0'), 2)]).join('');
}

const short = (address) => `${address.slice(0, 6)}…${address.slice(-4)}`;
const aliasAtSecond = ({ address }) => `${address.toLowerCase()}.${NODES[1].domain}`;

for (const wide of [false, true]) {
  describe(`across two nodes, under ${wide ? 'a wide policy' : 'a policy for one node alone'}`, () => {
    const world = useWorld({ before, after, second: true, wide, settings: { ipfs_gateways: host.url } });
    let alice;
    let carol;
    let dave;

    /** Both pages anew, with the conversation open. */
    async function reload(row) {
      await alice.reload();
      await alice.openRow(row);
      await carol.reload();
      await carol.openRow(/alice\.eth/);
    }

    test('each signs up at their own node', async () => {
      alice = await world().person('alice');
      carol = await world().person('carol', { second: true });
      await alice.signUp();
      await carol.signUp();
    });

    test('an address alone does not say where its profile is', async () => {
      await alice.writeTo(carol.account.address);
      await alice.chat.getByText(/has not joined dm3 yet/).waitFor();
      await alice.back();
    });

    test('by the address name of the other domain they are found, and both write and answer', async () => {
      await alice.writeTo(aliasAtSecond(carol.account));
      await alice.send('Hello from the other node');
      await carol.openRow(/alice\.eth/);
      await carol.sees('Hello from the other node');
      await carol.send('Hello to yours');
      await alice.sees('Hello to yours');
    });

    test('also after a reload on both sides', async () => {
      await reload(short(carol.account.address));
      await alice.send('Are you still there?');
      await carol.sees('Are you still there?');
      await carol.send('I am');
      await alice.sees('I am');
      const texts = ['Hello from', 'Hello to', 'still there?', 'I am'];
      for (const person of [alice, carol]) assert.deepEqual(await person.order(texts), texts);
    });

    test('whoever wrote once is found by the address, too', async () => {
      await alice.back();
      await alice.writeTo(carol.account.address);
      await alice.send('By your address now');
      await carol.sees('By your address now');
      assert.doesNotMatch(await alice.text(), /has not joined/);
    });

    if (!wide) {
      test('a file that is too large for a message comes through both nodes as it was sent, or not at all', async () => {
        const film = randomBytes(6_000_000);
        const chosen = alice.page.waitForEvent('filechooser');
        await alice.button('Attach files').click();
        await (await chosen).setFiles([{ name: 'film.bin', mimeType: 'application/octet-stream', buffer: film }]);
        await alice.button('Send through your node').click();
        // A connection that breaks once costs one piece.
        let broken = 0;
        await alice.page.route(/\/ds\/blobs\/.*at=1048576/, (route) => {
          broken += 1;
          return broken === 1 ? route.abort() : route.continue();
        });
        await alice.button('Send').click();
        const load = carol.log.getByRole('button', { name: /film\.bin.*Load/ });
        await load.waitFor();
        assert.equal(broken, 2);
        // What was changed on the way is told, and nothing of it is shown.
        await carol.page.route(/\/proxy\/blob/, async (route) => {
          const response = await route.fetch();
          const body = await response.body();
          body[body.length - 1] ^= 1;
          await route.fulfill({ response, body });
        });
        await load.click();
        await carol.log.getByText(/not what was sent/).waitFor();
        assert.equal(await carol.log.getByRole('link', { name: /film\.bin/ }).count(), 0);
        await carol.page.unroute(/\/proxy\/blob/);
        await carol.reload();
        await carol.openRow(/alice\.eth/);
        await load.click();
        const saved = carol.page.waitForEvent('download');
        await carol.log.getByRole('link', { name: /film\.bin/ }).click();
        const bytes = await readFile(await (await saved).path());
        const hash = (data) => createHash('sha256').update(data).digest('hex');
        assert.equal(hash(bytes), hash(film));
        await alice.reload();
        await alice.openRow(short(carol.account.address));
      });
    }

    test('whatever is done with a message is done on both sides, and stays after a reload', async () => {
      await alice.send('For the other node');
      await carol.sees('For the other node');
      await until('it is told as read', async () => /· read$/.test(await standing(alice, 'For the other node').innerText()));
      await choose(carol, 'For the other node', 'Reply');
      await carol.send('Seen and answred');
      await alice.sees('Seen and answred');
      await choose(carol, 'Seen and answred', 'Edit');
      await carol.composer.fill('Seen and answered');
      await carol.composer.press('Enter');
      await alice.sees('Seen and answered');
      await choose(alice, 'Seen and answered', '👍', 'menuitemcheckbox');
      await entry(carol, 'Seen and answered').getByRole('button', { name: '👍 1' }).waitFor();
      await choose(alice, 'Seen and answered', '🙏', 'menuitemcheckbox');
      await entry(carol, 'Seen and answered').getByRole('button', { name: '🙏 1' }).waitFor();
      await choose(alice, 'Seen and answered', '🙏', 'menuitemcheckbox');
      await entry(carol, 'Seen and answered').getByRole('button', { name: '🙏 1' }).waitFor({ state: 'detached' });
      await carol.send('Written in anger');
      await alice.sees('Written in anger');
      await choose(carol, 'Written in anger', 'Delete');
      await carol.chat.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
      await alice.sees('Deleted by its author');
      const chosen = alice.page.waitForEvent('filechooser');
      await alice.button('Attach files').click();
      await (await chosen).setFiles([{ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('Taken along') }]);
      await alice.button('Remove notes.txt').waitFor();
      await alice.send('With a file');
      const stands = async () => {
        for (const person of [alice, carol]) {
          await person.sees('With a file');
          await entry(person, 'With a file').getByText('Taken along').waitFor();
          assert.match(await entry(person, 'Seen and answered').locator('.quote').innerText(), /For the other node/);
          await entry(person, 'Seen and answered').getByRole('button', { name: '👍 1' }).waitFor();
          assert.equal(await entry(person, 'Seen and answered').getByRole('button', { name: '🙏 1' }).count(), 0);
          assert.deepEqual(await person.order(['answred', 'answered', 'in anger', 'Deleted by']), ['answered', 'Deleted by']);
        }
      };
      await stands();
      await reload(short(carol.account.address));
      await stands();
      assert.match(await standing(alice, 'For the other node').innerText(), /· read$/);
    });

    test('who is blocked is not heard, and is again once they are welcome', async () => {
      await carol.button(/contact details/).click();
      await carol.button(/^Block/).click();
      await carol.heading.waitFor();
      await alice.send('Into the wind');
      await until('it has left', async () => /· sent$/.test(await standing(alice, 'Into the wind').innerText()));
      await carol.search.fill('alice.eth');
      await carol.search.press('Enter');
      await carol.chat.getByText('You blocked them.').waitFor();
      await carol.button('Unblock').click();
      await carol.composer.waitFor();
      await alice.send('And now?');
      await carol.sees('And now?');
      assert.deepEqual(await carol.order(['Into the wind', 'And now?']), ['And now?']);
    });

    test('by an ENS name at which the profile is published', async () => {
      dave = await world().person('dave', { second: true });
      await dave.signUp();
      const { net } = world();
      const alias = aliasAtSecond(dave.account);
      const profile = await until('the second gateway serves the profile', async () => (await profileRecord(net, alias)) ?? false);
      await net.setText('dave.eth', dave.account.address, PROFILE_RECORD, profile);
      await alice.back();
      await alice.writeTo('dave.eth');
      await alice.send('Hello dave');
      await dave.openRow(/alice\.eth/);
      await dave.sees('Hello dave');
      await dave.send('Hello alice');
      await alice.sees('Hello alice');
    });

    test('a profile on IPFS, and one that a record links to, are read under either policy', async () => {
      const { net } = world();
      for (const [who, lead] of [
        ['collector', host.block],
        ['shop', host.document],
      ]) {
        const person = await world().person(who, { second: true });
        await person.signUp();
        const alias = aliasAtSecond(person.account);
        const record = await until('the second gateway serves the profile', async () => (await profileRecord(net, alias)) ?? false);
        const profile = record.replace(/^data:application\/json,/, '');
        const { name, address } = person.account;
        await net.setText(name, address, PROFILE_RECORD, lead(profile));
        await alice.back();
        await alice.writeTo(name);
        await alice.send(`Hello ${who}`);
        await person.openRow(/alice\.eth/);
        await person.sees(`Hello ${who}`);
        await person.page.close();
      }
      assert.equal(host.asked.some((path) => path.startsWith('/ipfs/')), true);
    });

    test('a name that moved stands for nobody any more but its new owner', async () => {
      const { net } = world();
      const mallory = world().account('mallory');
      await net.pointName('dave.eth', dave.account.address, mallory.address);
      await alice.reload();
      // The list shows what was checked; the conversation says what happened.
      await alice.chat.getByRole('button', { name: short(dave.account.address) }).first().click();
      await alice.composer.waitFor();
      await alice.log.getByText(/dave\.eth now belongs to another account/).waitFor();
      const heading = alice.chat.getByRole('heading', { level: 2 });
      await until('the address stands above', async () =>
        (await heading.innerText()).includes(short(dave.account.address)),
      );
      await alice.send('Still you, by your address');
      await dave.sees('Still you, by your address');
      await alice.back();
      await alice.writeTo('dave.eth');
      assert.doesNotMatch(await alice.log.innerText(), /Hello dave/);
      assert.match(await alice.text(), new RegExp(short(mallory.address)));
    });

    test('nothing was taken for forged, and nothing but what the policy leaves out was out of reach', () => {
      const { net } = world();
      // A host that no policy names is tried once.
      const others = [host.url, ...(wide ? [] : [net.nodeUrl, net.second.nodeUrl])].join('|');
      world().assertNoFaults(new RegExp(others));
    });
  });
}
