// The browser's own notifications: who wrote is told while nobody looks, if somebody wants that.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until, useWorld } from './support.mjs';

/** Keeps what the browser is asked to show. */
function watch() {
  window.shown = [];
  const Real = window.Notification;
  window.Notification = class extends Real {
    constructor(title, options) {
      super(title, options);
      window.shown.push({ title, body: options?.body, notification: this });
    }
  };
}

describe('notifications', () => {
  const world = useWorld({ before, after });
  let alice;
  let bob;
  const toggle = () => bob.chat.getByRole('switch', { name: /Tell me when somebody writes/ });
  const settings = async () => {
    if (await bob.button('Back').count()) await bob.button('Back').click();
    await bob.button('Account').click();
    await bob.button('Settings').click();
    await bob.chat.getByRole('heading', { name: 'Notifications' }).waitFor();
  };
  const look = (person, looks) =>
    person.page.evaluate((looks) => {
      Object.defineProperty(document, 'visibilityState', { value: looks ? 'visible' : 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, looks);
  const shown = () => bob.page.evaluate(() => window.shown.map(({ title, body }) => ({ title, body })));

  test('two people write to each other', async () => {
    alice = await world().person('alice');
    bob = await world().person('bob');
    await bob.context.addInitScript(watch);
    await bob.context.grantPermissions(['notifications']);
    await alice.signUp();
    await bob.signUp();
    await bob.page.evaluate(watch);
    await alice.writeTo('bob.eth');
    await alice.send('Hello');
    await bob.openRow(/alice\.eth/);
    await bob.sees('Hello');
    await bob.send('Hello alice');
    await alice.sees('Hello alice');
  });

  test('nobody is told who did not ask for it', async () => {
    await look(bob, false);
    await alice.send('Not wanted yet');
    await bob.sees('Not wanted yet');
    assert.deepEqual(await shown(), []);
    await look(bob, true);
  });

  test('turned on in the settings, who wrote is told, and not what', async () => {
    await settings();
    await toggle().click();
    await until('it is on', async () => (await toggle().getAttribute('aria-checked')) === 'true');
    await bob.screenshot('notifications');
    await look(bob, false);
    await alice.send('A secret');
    await until('it is shown', async () => (await shown()).length === 1);
    assert.deepEqual(await shown(), [{ title: 'alice.eth', body: 'New message' }]);
  });

  test('a click leads to the conversation', async () => {
    await look(bob, true);
    await bob.page.evaluate(() => window.shown[0].notification.onclick(new Event('click')));
    await bob.sees('A secret');
    if (await bob.button('Back').count()) await bob.button('Back').click();
    await bob.chat.locator('.row').first().waitFor();
    assert.equal(await bob.chat.locator('.row-contact').count(), 0, 'nobody is the contact of the page by that');
  });

  test('turned off again, nobody is told; it stays so after a reload', async () => {
    await settings();
    await toggle().click();
    await until('it is off', async () => (await toggle().getAttribute('aria-checked')) === 'false');
    await bob.reload();
    await settings();
    assert.equal(await toggle().getAttribute('aria-checked'), 'false');
  });

  test('a browser that was told not to says so', async () => {
    await bob.page.evaluate(() => Object.defineProperty(window.Notification, 'permission', { value: 'denied' }));
    await settings();
    await bob.chat.getByText('You can allow them in the browser’s settings for this site.').waitFor();
  });

  test('nothing broke the page or its policy', () => {
    for (const person of [alice, bob]) assert.deepEqual(person.faults, []);
  });
});
