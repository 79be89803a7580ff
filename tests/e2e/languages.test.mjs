// The languages: which one is spoken, that all of the element speaks it, and what the page says instead.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { boxOf, looksRight, until, useWorld } from './support.mjs';

const LONG = 'collector';

describe('languages', () => {
  const world = useWorld({ before, after });
  let alice;
  let bob;

  const speak = (person, language) =>
    person.chat.evaluate((chat, language) => (language ? (chat.lang = language) : chat.removeAttribute('lang')), language);
  const heading = (person, name) => person.chat.getByRole('heading', { name, exact: true });
  const field = (person, name) => person.chat.getByRole('textbox', { name, exact: true });
  const direction = (person) => person.chat.locator('[part~="base"]').evaluate((base) => getComputedStyle(base).direction);

  const chosen = (list) => list.evaluate(({ selectedOptions: [option] }) => option.label);

  test('somebody who comes to a German page signs in in German', async () => {
    const context = { viewport: { width: 390, height: 844 }, hasTouch: true };
    const init = () => document.addEventListener('DOMContentLoaded', () => (document.documentElement.lang = 'de-AT'));
    const carol = await world().person('carol', { context, init });
    await carol.button('Chat öffnen').click();
    await carol.button('Wallet verbinden').waitFor();
    await looksRight(carol, 'language-de-phone-sign-in');
    await carol.button('Wallet verbinden').click();
    await carol.button('Schlüssel erzeugen').click();
    await carol.button('Profil veröffentlichen').click();
    await heading(carol, 'Nachrichten').waitFor();
    await looksRight(carol, 'language-de-phone-list');
    await carol.chat.getByLabel('Suchen oder Namen eingeben').fill('nobody-here.eth');
    await carol.chat.getByLabel('Suchen oder Namen eingeben').press('Enter');
    await carol.alert.getByText('Niemand ist als nobody-here.eth registriert. Prüfen Sie den Namen auf Tippfehler.').first().waitFor();
    // A letter of another script, whose name is the browser's.
    await carol.chat.getByLabel('Suchen oder Namen eingeben').fill('bоb.eth');
    await carol.chat.getByLabel('Suchen oder Namen eingeben').press('Enter');
    await carol.alert.getByText('‚о‘ in „bоb“ gehört nicht zur Schrift „Lateinisch“').first().waitFor();
    await carol.leave();
  });

  test('an inline element that stands in the page’s HTML speaks its language, and has its files where the page says', async () => {
    const dave = await world().person('dave', { path: '/inline.html' });
    const written = 'mode="inline" lang="de" assets-base="/elsewhere/"';
    await dave.context.route('**/inline.html*', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replace('mode="inline"', written) });
    });
    const asked = [];
    await dave.context.route('**/elsewhere/**', async (route) => {
      const url = route.request().url();
      asked.push(new URL(url).pathname);
      await route.fulfill({ response: await route.fetch({ url: url.replace('/elsewhere/', '/dist/') }) });
    });
    await dave.page.reload();
    await dave.button('Wallet verbinden').waitFor();
    for (const name of ['_bg.wasm', '-app.js', '-text-de.json']) assert.ok(asked.includes(`/elsewhere/dm3-chat${name}`), asked.join());
    await dave.leave();
  });

  test('`lang` is followed at once: nothing is loaded anew, and what was typed stays', async () => {
    alice = await world().person('alice');
    bob = await world().person('bob');
    await alice.signUp();
    await bob.signUp();
    await alice.writeTo('bob.eth');
    await alice.send('Hello bob');
    await bob.openRow(/alice\.eth/);
    await bob.send('Hello alice');
    await alice.sees('Hello alice');
    await alice.composer.fill('half a thought');
    await alice.page.evaluate(() => (window.same = true));
    await speak(alice, 'de');
    await field(alice, 'Nachricht an bob.eth').waitFor();
    assert.equal(await field(alice, 'Nachricht an bob.eth').inputValue(), 'half a thought');
    await alice.log.getByText('Heute').waitFor();
    assert.equal(await alice.page.evaluate(() => window.same), true);
    await looksRight(alice, 'language-de-thread');
  });

  test('who is in the element with the keyboard stays in it when the language changes', async () => {
    await field(alice, 'Nachricht an bob.eth').focus();
    await speak(alice, 'es');
    await field(alice, 'Mensaje para bob.eth').waitFor();
    await until('the composer has the focus', () =>
      alice.chat.evaluate(({ shadowRoot: { activeElement } }) => activeElement?.getAttribute('aria-label') === 'Mensaje para bob.eth'),
    );
    await alice.page.keyboard.type(' más');
    assert.equal(await field(alice, 'Mensaje para bob.eth').inputValue(), 'half a thought más');
    await field(alice, 'Mensaje para bob.eth').fill('');
  });

  test('what comes after the change is in its place and in the language', async () => {
    await bob.send('One more');
    await alice.sees('One more');
    await field(alice, 'Mensaje para bob.eth').fill('¿Qué tal?');
    await alice.button('Enviar').click();
    await bob.sees('¿Qué tal?');
    assert.deepEqual(await alice.order(['Hello bob', 'Hello alice', 'One more', '¿Qué tal?']), ['Hello bob', 'Hello alice', 'One more', '¿Qué tal?']);
    await alice.log.getByText(/leído|entregado/).first().waitFor();
    await speak(alice, 'de');
    await alice.button('Zurück').click();
    await heading(alice, 'Nachrichten').waitFor();
    await alice.button(/bob\.eth.*Sie: ¿Qué tal\?/).waitFor();
    await looksRight(alice, 'language-de-list');
  });

  test('in the settings somebody chooses a language, by keyboard too, and it is spoken after a reload', async () => {
    await speak(alice, '');
    await alice.heading.waitFor();
    await alice.button('Account').click();
    await alice.button('Settings').click();
    const choice = alice.chat.getByRole('combobox', { name: 'Language' });
    await choice.waitFor();
    assert.equal(await chosen(choice), 'Automatic');
    await choice.focus();
    await alice.page.keyboard.type('Deu');
    await alice.page.keyboard.press('Enter');
    await heading(alice, 'Einstellungen').waitFor();
    await looksRight(alice, 'language-de-settings');
    await alice.chat.locator('.settings').evaluate((it) => it.scrollTo(0, it.scrollHeight));
    await looksRight(alice, 'language-de-settings-end');
    assert.equal(await chosen(alice.chat.getByRole('combobox', { name: 'Sprache' })), 'Deutsch');
    await alice.chat.getByRole('combobox', { name: 'Sprache' }).selectOption({ label: 'Français' });
    await heading(alice, 'Réglages').waitFor();
    await alice.page.reload();
    await alice.button(/Ouvrir le chat|Fermer le chat/).waitFor();
    if (await alice.button('Ouvrir le chat').isVisible()) await alice.button('Ouvrir le chat').click();
    await heading(alice, 'Messages').waitFor();
    await alice.chat.getByLabel('Chercher ou saisir un nom').waitFor();
    await alice.button('Compte').click();
    await alice.button('Réglages').click();
    await speak(alice, 'en');
    await alice.button('Back').click();
    await alice.button('Account').click();
    await alice.button('Settings').click();
    await alice.chat.getByText('This page has set its own language').waitFor();
    await alice.chat.getByRole('combobox', { name: 'Language' }).selectOption({ label: 'Automatic' });
    await speak(alice, '');
    await alice.back();
  });

  test('Arabic runs from right to left, and the panel stays where it is', async () => {
    const panel = alice.chat.locator('[part~="panel"]');
    const place = await boxOf(panel);
    await speak(alice, 'ar');
    await heading(alice, 'الرسائل').waitFor();
    assert.equal(await direction(alice), 'rtl');
    assert.deepEqual(await boxOf(panel), place);
    // What was written in another direction is told apart.
    await alice.chat.getByText('أنت: \u2068¿Qué tal?\u2069').waitFor();
    await looksRight(alice, 'language-ar-list');
    await alice.chat.locator('[part~="list"]').getByRole('button', { name: /bob\.eth/ }).click();
    await alice.chat.getByRole('textbox', { name: /رسالة إلى .?bob\.eth/ }).waitFor();
    await looksRight(alice, 'language-ar-thread');
    await alice.button('رجوع').click();
    await alice.button('الحساب').click();
    await alice.button('الإعدادات').click();
    await heading(alice, 'الإعدادات').waitFor();
    await looksRight(alice, 'language-ar-settings');
    await alice.button('رجوع').click();
    await heading(alice, 'الرسائل').waitFor();
  });

  test('a language that nobody wrote is English', async () => {
    await speak(alice, 'tlh');
    await alice.heading.waitFor();
    assert.equal(await direction(alice), 'ltr');
    await speak(alice, 'this is no language');
    await alice.heading.waitFor();
    await speak(alice, '');
  });

  test('the page says some things in its own words, and markup in them is text', async () => {
    const say = (strings) => alice.chat.evaluate((chat, strings) => (chat.strings = strings), strings);
    await say({ messages: '<b>Our</b> inbox', 'own-preview': 'Me – {text}', 'message-field': 'Ask {name}', account: 7, nonsense: 'x' });
    await heading(alice, '<b>Our</b> inbox').waitFor();
    await alice.button(/Me – ¿Qué tal\?/).waitFor();
    await alice.button('Account').waitFor();
    // What can’t be filled in is said as ever.
    await say({ 'own-preview': '{text', 'message-field': 'Ask {nobody, plural, one {}}', messages: 'x'.repeat(5_000) });
    await alice.heading.waitFor();
    await alice.button(/You: ¿Qué tal\?/).waitFor();
    await speak(alice, 'de');
    await alice.button(/Sie: ¿Qué tal\?/).waitFor();
    await say(null);
    await speak(alice, '');
    await alice.heading.waitFor();
  });

  test('where a language can’t be fetched English goes on, and it is spoken as soon as it can be', async () => {
    const file = '**/dm3-chat-text-fr.json*';
    await alice.context.route(file, (route) => route.abort());
    await speak(alice, 'zh');
    await heading(alice, '消息').waitFor();
    await speak(alice, '');
    await alice.heading.waitFor();
    await alice.page.reload();
    await speak(alice, 'fr');
    await alice.open();
    await alice.heading.waitFor();
    await alice.context.unroute(file);
    await alice.chat.getByLabel('Chercher ou saisir un nom').waitFor();
    await speak(alice, '');
    await alice.heading.waitFor();
  });

  test('long German words and a long name fit a phone, in the dark', async () => {
    const context = { colorScheme: 'dark', viewport: { width: 390, height: 844 }, hasTouch: true };
    const dora = await world().person(LONG, { context });
    await dora.signUp();
    await dora.writeTo('bob.eth');
    await dora.send('Hello');
    await speak(dora, 'de');
    await field(dora, 'Nachricht an bob.eth').waitFor();
    await looksRight(dora, 'language-de-phone-thread');
    await dora.button(/Kontaktdetails/).click();
    await heading(dora, 'Kontakt').waitFor();
    await looksRight(dora, 'language-de-phone-card');
    await dora.button('Zurück').click();
    await field(dora, 'Nachricht an bob.eth').waitFor();
    await dora.button('Zurück').click();
    await dora.button('Konto').click();
    await dora.screenshot('language-de-phone-menu');
    await dora.button('Einstellungen').click();
    await heading(dora, 'Einstellungen').waitFor();
    await looksRight(dora, 'language-de-phone-settings');
    await speak(dora, 'ar');
    await heading(dora, 'الإعدادات').waitFor();
    await looksRight(dora, 'language-ar-phone-settings');
  });

  test('nothing broke the page or its policy', () => world().assertNoFaults());
});
