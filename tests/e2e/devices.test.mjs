// Several devices of one account, browsers that lose what they stored, and backups.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { looksRight, until, useWorld } from './support.mjs';

/** The same text more often than a page shows at once. */
const COUNT = 30;

/** Runs in every page first: whether the browser was asked to keep what is stored, and what was on the screen then. */
function watchPersist() {
  window.dm3Persist = [];
  navigator.storage.persist = async () => {
    const chat = document.querySelector('dm3-chat');
    window.dm3Persist.push({ signedIn: Boolean(chat?.account) });
    return true;
  };
}

/** A further browser of somebody who has signed up. */
async function furtherDevice(world, label) {
  const device = await world.person(label, { init: watchPersist });
  await device.signIn();
  return device;
}

/** Deletes what the page stored in IndexedDB: all of it, or these object stores alone. */
async function forget(person, stores) {
  await person.page.evaluate(async (stores) => {
    const done = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    for (const { name } of await indexedDB.databases()) {
      if (!stores) {
        await done(indexedDB.deleteDatabase(name));
        continue;
      }
      const database = await done(indexedDB.open(name));
      const present = stores.filter((store) => database.objectStoreNames.contains(store));
      const transaction = database.transaction(present, 'readwrite');
      for (const store of present) await done(transaction.objectStore(store).clear());
      database.close();
    }
  }, stores);
}

/** At a page of the same origin without the element: nothing holds the database open. */
async function elsewhere(person, act) {
  await person.page.goto(new URL('/localnet.json', person.startUrl).href);
  await act();
  await person.page.goto(person.startUrl);
}

describe('several devices', () => {
  const world = useWorld({ before, after });
  let first;
  let second;
  let bob;

  test('a further device has everything after signing in, the newest first', async () => {
    first = await world().person('alice', { init: watchPersist });
    bob = await world().person('bob');
    await first.signUp();
    await bob.signUp();
    await first.writeTo('bob.eth');
    for (let n = 0; n < COUNT; n += 1) await first.send(`number ${n} of many`);
    await bob.openRow(/alice\.eth/);
    await bob.sees(`number ${COUNT - 1} of many`);
    await bob.send('I have read all of that');
    await first.sees('I have read all of that');

    second = await furtherDevice(world(), 'alice');
    await until('the list has the newest message', async () =>
      (await second.text()).includes('I have read all of that'),
    );
    await second.openRow(/bob\.eth/);
    const wanted = [...Array(COUNT).keys()].map((n) => `number ${n} of many`);
    await until('all of it is there', async () => (await second.order(wanted)).length === COUNT);
    assert.deepEqual(await second.order(wanted), wanted);
    assert.equal(await second.signatures(), 1, 'the keys alone: the profile is there');
  });

  test('what one does the other shows, in both directions', async () => {
    await first.send('from the first');
    await second.sees('from the first');
    await second.send('from the second');
    await first.sees('from the second');
    await bob.send('to both');
    for (const device of [first, second]) await device.sees('to both');
  });

  test('what was read on one is read on the other', async () => {
    await first.back();
    await second.back();
    await bob.send('is anybody there?');
    for (const device of [first, second]) {
      await until('it counts as unread', () => device.chat.evaluate((chat) => chat.unreadCount === 1));
    }
    await second.openRow(/bob\.eth/);
    for (const device of [first, second]) {
      await until('it does not count as unread', () => device.chat.evaluate((chat) => chat.unreadCount === 0));
    }
  });

  test('what was begun on one is finished on the other', async () => {
    await second.composer.pressSequentially('Dear Bob,');
    await until('the other has it', async () => {
      await first.openRow(/bob\.eth/);
      const text = await first.composer.inputValue();
      await first.back();
      return text === 'Dear Bob,';
    });
    await second.composer.fill('');
  });

  test('the browser is asked to keep what is stored once there is something to lose', async () => {
    for (const device of [first, second]) {
      assert.deepEqual(await device.page.evaluate(() => window.dm3Persist), [{ signedIn: true }]);
    }
  });

  test('who lost everything has it back after signing in', async () => {
    await elsewhere(second, () => forget(second));
    await second.open();
    await second.button('Connect wallet').click();
    await second.button('Create keys').click();
    await second.openRow(/bob\.eth/);
    await second.sees('is anybody there?');
    await until('the first is there, too', async () => (await second.order(['number 0 of many'])).length === 1);
  });

  test('messages that were lost while the keys are there come back by themselves', async () => {
    await elsewhere(second, () => forget(second, ['messages', 'contacts', 'values', 'journal', 'quarantine']));
    await second.open();
    await second.openRow(/bob\.eth/);
    await second.sees('is anybody there?');
    await until('the first is there, too', async () => (await second.order(['number 0 of many'])).length === 1);
    assert.equal(await second.signatures(), 0);
  });

  test('who deletes what the browser keeps of the site is told that, and has everything back', async () => {
    const session = await second.context.newCDPSession(second.page);
    await session.send('Storage.clearDataForOrigin', { origin: new URL(second.startUrl).origin, storageTypes: 'all' });
    await bob.send('To a browser that has forgotten');
    // It can't be known which of these it was.
    await second.chat
      .getByText(
        'The keys of this account are no longer in this browser: it was signed out in another tab or from another device, or the browser’s data were deleted.',
      )
      .first()
      .waitFor();
    await second.page.reload();
    await second.signIn();
    await second.openRow(/bob\.eth/);
    await second.sees('To a browser that has forgotten');
    await until('the first is there, too', async () => (await second.order(['number 0 of many'])).length === 1);
  });

  test('who signs out all other devices goes on alone, and nothing of the account stays there', async () => {
    const devices = first.chat.locator('section', { has: first.page.getByRole('heading', { name: 'Devices', exact: true }) });
    await first.button('Account').click();
    await first.button('Settings').click();
    await first.button(/^Your account/).click();
    await devices.getByText('This one').waitFor();
    // Each time the second one lost what it is called, it began as another; those of before may have told nobody.
    const others = devices.getByRole('button', { name: /^Sign out .*Linux/ });
    await until('the second is listed', async () => (await others.count()) >= 1);
    await looksRight(first, 'own-devices');
    await first.button('Sign out all others…').click();
    await devices.getByRole('alert').getByText(/keys and messages are deleted there/).waitFor();
    await looksRight(first, 'own-devices-sure');
    await first.button('Leave it').click();
    await first.button('Sign out all others…').click();
    await first.button('Sign out there').click();
    await devices.getByText(/Signed out\. It takes effect/).waitFor();
    await second.chat.getByText(/was signed out in another tab or from another device/).waitFor();
    await second.page.reload();
    await second.open();
    await second.button('Connect wallet').waitFor();
    const kept = await second.page.evaluate(async () => {
      const [{ name }] = await indexedDB.databases();
      const database = await new Promise((resolve) => {
        indexedDB.open(name).onsuccess = ({ target }) => resolve(target.result);
      });
      const stores = [...database.objectStoreNames].filter((store) => ['messages', 'contacts', 'values', 'journal'].includes(store));
      const counts = stores.map(
        (store) =>
          new Promise((resolve) => {
            database.transaction(store).objectStore(store).count().onsuccess = ({ target }) => resolve(target.result);
          }),
      );
      return Promise.all(counts);
    });
    assert.ok(kept.length === 4 && kept.every((count) => count === 0), `nothing is kept: ${kept}`);
    await first.button('Back').click();
    await first.chat.getByRole('heading', { name: 'Settings' }).waitFor();
    await first.back();
    await first.openRow(/bob\.eth/);
    await first.send('I am alone now');
    await bob.sees('I am alone now');
  });

  test('nobody’s page broke its policy', () => world().assertNoFaults());
});

describe('backups', () => {
  const world = useWorld({ before, after });
  let alice;
  let code;
  let file;

  test('the menu makes a file, and shows the code that opens it', async () => {
    alice = await world().person('alice');
    const bob = await world().person('bob');
    await alice.signUp();
    await bob.signUp();
    await alice.writeTo('bob.eth');
    await alice.send('keep this');
    await alice.back();
    await alice.button('Account').click();
    await alice.button('Backup…').click();
    await alice.button('Make a backup').click();
    code = (await alice.chat.getByLabel('Recovery code').innerText()).trim();
    assert.match(code, /^([0-9A-Z]{4}-){8}[0-9A-Z]{4}$/);
    const [download] = await Promise.all([
      alice.page.waitForEvent('download'),
      alice.chat.getByRole('link', { name: 'Save the file' }).click(),
    ]);
    file = await readFile(await download.path());
    assert.ok(file.subarray(0, 18).equals(Buffer.from('dm3-chat archive 1')), 'a backup');
    assert.ok(!file.includes('keep this') && !file.includes(code), 'sealed');
    await alice.button('Done').click();
    await alice.heading.waitFor();
    assert.ok(!(await alice.text()).includes(code));
  });

  test('a script of the page gets the file and never the code', async () => {
    const { length, head } = await alice.page.evaluate(async () => {
      const blob = await document.querySelector('dm3-chat').exportBackup();
      const bytes = new Uint8Array(await blob.arrayBuffer());
      return { length: bytes.length, head: new TextDecoder().decode(bytes.subarray(0, 18)) };
    });
    assert.ok(length > 1000);
    assert.equal(head, 'dm3-chat archive 1');
    await alice.button('Done').click();
  });

  test('a file and its code bring back what is missing; a wrong code says so', async () => {
    // The node has lost the history: the file alone has it.
    const device = await world().person('alice');
    await device.context.route('**/api/history/**', (route) => route.abort());
    await device.signIn();
    await device.page.evaluate((bytes) => {
      document.querySelector('dm3-chat').importBackup(new Blob([new Uint8Array(bytes)]));
    }, [...file]);
    const field = device.chat.getByRole('textbox', { name: 'Recovery code' });
    await field.fill(code.replace(/^./, (first) => (first === '7' ? '8' : '7')));
    await device.button('Restore').click();
    await device.alert.getByText(/mistyped/).waitFor();
    await field.fill(code.toLowerCase());
    await device.button('Restore').click();
    await device.chat.getByText('One message was missing here and is back', { exact: false }).waitFor();
    await device.button('Done').click();
    await device.openRow(/bob\.eth/);
    await device.sees('keep this');

    await device.back();
    await device.button('Account').click();
    await device.button('Backup…').click();
    await device.button('Restore from a backup').click();
    await device.chat.getByLabel('Backup file').setInputFiles({ name: 'backup.dm3', mimeType: 'application/octet-stream', buffer: file });
    await field.fill(code);
    await device.button('Restore').click();
    await device.chat.getByText('No message was missing here', { exact: false }).waitFor();
  });

  test('who is not signed in has nothing to export', async () => {
    const carol = await world().person('carol');
    const outcome = await carol.page.evaluate(async () => {
      await customElements.whenDefined('dm3-chat');
      return document.querySelector('dm3-chat').exportBackup().then(() => 'a file', (error) => error.message);
    });
    assert.equal(outcome, 'signed-out');
  });

  test('nobody’s page broke its policy', () => world().assertNoFaults());
});
