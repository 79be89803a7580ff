// What can be set, and what there is to know of a contact; by mouse and by keyboard.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { lightness } from './layout.mjs';
import { hasFocus, looksRight, until, useWorld } from './support.mjs';

const LONG = 'collector';

describe('settings and contacts', () => {
  const world = useWorld({ before, after });
  let alice;
  let bob;

  const title = (person, name) => person.chat.getByRole('heading', { name, exact: true });
  const group = (person, name) => person.chat.locator('section', { has: person.page.getByRole('heading', { name }) });
  const radio = (person, name) => person.chat.getByRole('radio', { name });
  const who = (person) => person.button(/contact details/);
  /** What has the focus inside the element: its accessible name or text. */
  const focused = (person) =>
    person.chat.evaluate(({ shadowRoot: { activeElement: it } }) => it?.getAttribute('aria-label') ?? it?.textContent.trim());

  async function openSettings(person) {
    await person.button('Account').click();
    await person.button('Settings').click();
    await title(person, 'Privacy').waitFor();
  }

  /** How light the ground of the panel is. */
  const look = async (person) => (await person.page.evaluate(lightness)).ground;

  /** The levels of all headings, from top to bottom. */
  const levels = (person) =>
    person.chat.evaluate((chat) => [...chat.shadowRoot.querySelectorAll('h2, h3')].map(({ localName }) => localName).join(' '));

  test('the account menu leads to the settings, and Back to the list', async () => {
    alice = await world().person('alice');
    bob = await world().person('bob');
    await alice.signUp();
    await bob.signUp();
    await alice.writeTo('bob.eth');
    await alice.send('Hello bob');
    await bob.openRow(/alice\.eth/);
    await bob.send('Hello alice');
    await alice.back();
    await alice.button('Account').click();
    await alice.button('Settings').waitFor();
    await alice.screenshot('settings-menu');
    await alice.button('Sign out').focus();
    await alice.page.keyboard.press('Escape');
    await alice.button('Settings').waitFor({ state: 'detached' });
    assert.ok(await hasFocus(alice.button('Account')), 'back at the button');
    assert.equal(await alice.launcher.getAttribute('aria-expanded'), 'true', 'the panel stays');
    await alice.button('Account').click();
    await alice.button('Settings').waitFor();
    await alice.heading.click();
    await alice.button('Settings').waitFor({ state: 'detached' });
    await openSettings(alice);
    await group(alice, 'Blocked people').getByText('Nobody is blocked.').waitFor();
    await group(alice, 'Storage on this device').getByText(/ are kept/).waitFor();
    assert.match(await levels(alice), /^h2( h3)+$/);
    await looksRight(alice, 'settings');
    await alice.chat.locator('.settings').evaluate((it) => it.scrollTo(0, it.scrollHeight));
    await looksRight(alice, 'settings-end');
  });

  test('what is the account’s own stands on a screen of its own, from which Back leads to the settings', async () => {
    await alice.button(/^Your account/).click();
    await until('its service is connected', () => group(alice, 'Delivery services').getByText('Connected').isVisible());
    assert.match(await levels(alice), /^h2( h3)+$/);
    await looksRight(alice, 'own');
    await alice.button('Back').click();
    await title(alice, 'Privacy').waitFor();
    await alice.back();
  });

  test('by keyboard alone, receipts are turned off, and stay off', async () => {
    await alice.button('Account').focus();
    await alice.page.keyboard.press('Enter');
    await alice.button('Settings').focus();
    await alice.page.keyboard.press('Enter');
    const receipts = alice.chat.getByRole('switch', { name: /receipts/ });
    await receipts.waitFor();
    await until('the heading has the focus', async () => (await focused(alice)) === 'Settings');
    for (let pressed = 0; pressed < 4 && !(await hasFocus(receipts)); pressed += 1) await alice.page.keyboard.press('Tab');
    assert.ok(await hasFocus(receipts));
    assert.equal(await receipts.getAttribute('aria-checked'), 'true');
    await alice.page.keyboard.press('Space');
    await until('it is off', async () => (await receipts.getAttribute('aria-checked')) === 'false');
    assert.equal(await receipts.evaluate((it) => it.getRootNode().activeElement === it), true, 'it keeps the focus');
    await looksRight(alice, 'settings-focus');
    await alice.reload();
    await openSettings(alice);
    await until('it is still off', async () => (await receipts.getAttribute('aria-checked')) === 'false');
    await receipts.click();
    await until('it is on again', async () => (await receipts.getAttribute('aria-checked')) === 'true');
  });

  test('arrows choose what it looks like, at once and after a reload', async () => {
    const bright = await look(alice);
    await radio(alice, 'Automatic').focus();
    await alice.page.keyboard.press('ArrowLeft');
    await until('it is dark', async () => (await look(alice)) < bright - 0.5);
    assert.equal(await focused(alice), 'Dark');
    await looksRight(alice, 'settings-dark');
    await alice.reload();
    assert.ok((await look(alice)) < bright - 0.5, 'dark from the beginning');
    await openSettings(alice);
    await until('dark is chosen', async () => (await radio(alice, 'Dark').getAttribute('aria-checked')) === 'true');
    await radio(alice, 'Light').click();
    await until('it is light', async () => (await look(alice)) === bright);
  });

  test('what the page has set counts, and that is said', async () => {
    await alice.chat.evaluate((chat) => chat.setAttribute('theme', 'dark'));
    await alice.back();
    await openSettings(alice);
    await alice.chat.getByText('This page has set its own appearance').waitFor();
    assert.ok((await look(alice)) < 0.5);
    await alice.chat.evaluate((chat) => chat.removeAttribute('theme'));
    await radio(alice, 'Automatic').click();
    await alice.back();
  });

  test('the name above a conversation leads to a card, and Back to what was typed', async () => {
    await alice.openRow(/bob\.eth/);
    await alice.composer.fill('half a thought');
    await who(alice).click();
    await title(alice, 'Contact').waitFor();
    await alice.chat.getByText('The name leads to this wallet.').waitFor();
    await alice.chat.getByText('The chat keys are signed by this wallet.').waitFor();
    await alice.chat.getByText('First contact: today').waitFor();
    assert.match(await levels(alice), /^h2( h3)+$/);
    await looksRight(alice, 'card');
    await alice.chat.locator('.settings').evaluate((it) => it.scrollTo(0, it.scrollHeight));
    await looksRight(alice, 'card-end');
    await alice.button('Back').click();
    await alice.composer.waitFor();
    assert.equal(await alice.composer.inputValue(), 'half a thought');
    await alice.composer.fill('');
  });

  test('both sides see the same digits', async () => {
    const digits = async (person) => {
      await who(person).focus();
      await person.page.keyboard.press('Enter');
      const shown = person.chat.locator('.digits');
      await shown.waitFor();
      return (await shown.innerText()).replace(/\s+/g, ' ').trim();
    };
    const ours = await digits(alice);
    assert.match(ours, /^\d{5}( \d{5}){5}$/);
    assert.equal(await digits(bob), ours);
    await bob.button('Back').click();
  });

  test('who is muted has a sign in the list', async () => {
    await alice.button(/^Mute/).click();
    await alice.button(/^Unmute/).waitFor();
    await alice.button('Back').click();
    await alice.composer.waitFor();
    await alice.back();
    await alice.button(/bob\.eth.*, muted/).waitFor();
    await looksRight(alice, 'muted');
    await alice.openRow(/bob\.eth/);
    await who(alice).click();
    await alice.button(/^Unmute/).click();
    await alice.button(/^Mute/).waitFor();
  });

  test('who is hidden or blocked is in the settings, from where they come back', async () => {
    await alice.button(/^Hide conversation/).click();
    await alice.heading.waitFor();
    await openSettings(alice);
    await alice.button('Show again bob.eth').click();
    await group(alice, 'Hidden conversations').getByText('No conversation is hidden.').waitFor();
    assert.equal(await focused(alice), 'Hidden conversations');
    await alice.back();
    await alice.openRow(/bob\.eth/);
    await who(alice).click();
    await alice.button(/^Block/).click();
    await alice.heading.waitFor();
    await openSettings(alice);
    await alice.button('Unblock bob.eth').waitFor();
    await looksRight(alice, 'settings-blocked');
    await alice.button('Unblock bob.eth').click();
    await group(alice, 'Blocked people').getByText('Nobody is blocked.').waitFor();
    await alice.back();
    await alice.openRow(/bob\.eth/);
  });

  test('on a phone and in the dark, with a name that is long', async () => {
    const context = { colorScheme: 'dark', viewport: { width: 390, height: 844 }, hasTouch: true };
    const carol = await world().person('carol', { context });
    const other = await world().person(LONG);
    await other.signUp();
    await carol.signUp();
    await openSettings(carol);
    await looksRight(carol, 'settings-phone');
    await carol.back();
    await carol.writeTo(other.account.address);
    await looksRight(carol, 'card-phone-thread');
    await who(carol).click();
    await carol.chat.locator('.digits').waitFor();
    await looksRight(carol, 'card-phone');
    await carol.button(/^Block/).click();
    await openSettings(carol);
    await carol.chat.getByRole('button', { name: /^Unblock/ }).waitFor();
    await looksRight(carol, 'settings-phone-blocked');
  });

  test('nothing broke the page or its policy', () => world().assertNoFaults());
});
