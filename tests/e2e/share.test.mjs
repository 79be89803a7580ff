// What goes from one place to another: what a page says a conversation is about, forwarded messages, reports.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { Dm3Client } from './client.mjs';
import { focusInMenu } from './messages.mjs';
import { boxOf, hasFocus, until, useWorld } from './support.mjs';

const entry = (person, text) => person.log.locator('.entry', { has: person.page.locator('.message', { hasText: text }) }).first();
const cards = (person) => person.chat.getByRole('group', { name: 'About' });
/** What is above the composer. */
const goesAlong = (person) => person.chat.getByRole('note').filter({ hasText: 'Goes along with your next message' });
const sheet = (person, name) => person.chat.getByRole('dialog', { name });
/** What has the focus, inside of the element. */
const focused = (person) => person.chat.evaluate((chat) => chat.shadowRoot.activeElement?.outerHTML ?? '');

/** The action of a message, by the mouse. */
async function choose(person, text, name) {
  const row = entry(person, text);
  await row.hover();
  await row.getByRole('button', { name: 'Message actions' }).click();
  await person.chat.getByRole('menuitem', { name, exact: true }).click();
}

describe('what goes from one place to another', () => {
  const world = useWorld({ before, after });
  let alice;
  let bob;

  test('a seller’s button says what the conversation is about, before anything is sent', async () => {
    alice = await world().person('alice', { path: '/shop.html' });
    bob = await world().person('bob');
    await alice.signUp();
    await bob.signUp();
    await alice.page.getByRole('button', { name: 'Message seller' }).first().click();
    await alice.composer.waitFor();
    await cards(alice).getByText('Chromatic #123').waitFor();
    await goesAlong(alice).getByText('Chromatic #123').waitFor();
    await alice.screenshot('share-about');
  });

  test('it stands above the first message on both sides, and not above the second', async () => {
    await alice.composer.fill('Is it still for sale?');
    await alice.composer.press('Enter');
    await alice.sees('Is it still for sale?');
    await goesAlong(alice).waitFor({ state: 'detached' });
    await alice.send('I would pay 1.1 ETH.');
    await bob.findRow(/alice\.eth/);
    await bob.sees('I would pay 1.1 ETH.');
    for (const person of [alice, bob]) {
      await entry(person, 'Is it still for sale?').getByRole('group', { name: 'About' }).getByText('Chromatic #123').waitFor();
      assert.equal(await cards(person).count(), 1);
    }
    await bob.screenshot('share-about-request');
    await bob.button('Accept').click();
    await bob.composer.waitFor();
  });

  test('another offer of the same seller says so; who does not want it to go along leaves it out', async () => {
    const open = (context) =>
      alice.page.evaluate((context) => document.querySelector('dm3-chat').openConversation('bob.eth', { context }), context);
    await open('eip155:1/erc721:0x06012c8cf97BEaD5deAe237070F9587f8E7A266d/771769');
    await cards(alice).getByText('NFT #771769 of 0x0601…266d').waitFor();
    await alice.button('Don’t send this along').focus();
    await alice.page.keyboard.press('Enter');
    await goesAlong(alice).waitFor({ state: 'detached' });
    assert.ok(await hasFocus(alice.composer), 'it goes on in the field');
    await open('https://shop.example/offers/55');
    await goesAlong(alice).waitFor();
    await alice.send('And this one?');
    await bob.sees('And this one?');
    const link = entry(bob, 'And this one?').getByRole('link', { name: 'https://shop.example/offers/55' });
    assert.match(await link.getAttribute('rel'), /noopener noreferrer nofollow/);
    assert.equal(await link.getAttribute('target'), '_blank');
  });

  test('an attribute says it for what the page opens, and hostile ones are text', async () => {
    await alice.page.evaluate(() => {
      const chat = document.querySelector('dm3-chat');
      chat.context = `\u202e<img src=x onerror=alert(1)> ${'x'.repeat(100_000)}`;
      chat.to = 'bob.eth';
    });
    await cards(alice).first().getByText('<img src=x onerror=alert(1)>').waitFor();
    const title = await cards(alice).first().locator('.about-title').innerText();
    assert.ok(title.length <= 301 && !title.includes('\u202e'), title);
    assert.equal(await alice.log.locator('img').count(), 0);
    const [card, panel] = [await boxOf(cards(alice).first()), await boxOf(alice.chat.locator('[part~="panel"]'))];
    assert.ok(card.height < 120 && card.x + card.width <= panel.x + panel.width, 'it takes no more room than it is given');
    await alice.screenshot('share-about-hostile');
    await alice.button('Don’t send this along').click();
  });

  test('a client of the reference reads such a message, and its signature holds', async () => {
    const carol = new Dm3Client(world().net, world().account('carol'));
    await carol.signUp();
    await alice.page.evaluate(
      (to) => document.querySelector('dm3-chat').openConversation(to, { context: 'Understorey #88' }),
      carol.alias,
    );
    await goesAlong(alice).getByText('Understorey #88').waitFor();
    await alice.send('Hello carol');
    const token = await carol.logIn();
    const [envelope] = await until('it arrived', async () => {
      const waiting = await carol.incoming(token);
      return waiting.length > 0 && waiting;
    });
    const { signature, ...message } = await carol.open(envelope);
    assert.equal(message.message, 'Hello carol');
    assert.equal(message.metadata.context, 'Understorey #88');
    const { checkSignature } = await import('@dm3-org/dm3-lib-crypto');
    const { resolveProfile } = await import('./client.mjs');
    const profile = await resolveProfile(world().net, alice.account.address.toLowerCase() + carol.alias.slice(42));
    assert.equal(await checkSignature(profile.publicSigningKey, Dm3Client.serialize(message), signature), true);
  });

  test('a message is forwarded by the keyboard to a conversation that is searched for', async () => {
    await bob.send('Meet at ten');
    await alice.back();
    await alice.openRow(/bob\.eth/);
    await alice.sees('Meet at ten');
    await entry(alice, 'Meet at ten').focus();
    await alice.page.keyboard.press('Enter');
    const item = alice.chat.getByRole('menuitem', { name: 'Forward', exact: true });
    await focusInMenu(item);
    await alice.page.keyboard.press('Enter');
    const forward = sheet(alice, 'Forward to');
    await forward.waitFor();
    await until('the field has the focus', async () => (await focused(alice)).includes('sheet-field'));
    await alice.screenshot('share-forward');
    await alice.page.keyboard.press('Escape');
    await forward.waitFor({ state: 'detached' });
    assert.match(await focused(alice), /class="entry/, 'back where it was asked for');
    await alice.page.keyboard.press('Enter');
    await focusInMenu(item);
    await alice.page.keyboard.press('Enter');
    await until('the field has the focus', async () => (await focused(alice)).includes('sheet-field'));
    await alice.page.keyboard.type('zzz');
    await forward.getByText('No conversation matches.').waitFor();
    await alice.page.keyboard.press('Enter');
    await alice.page.waitForTimeout(300);
    assert.equal(await forward.count(), 1, 'nobody is meant');
    for (let at = 0; at < 3; at += 1) await alice.page.keyboard.press('Backspace');
    await alice.page.keyboard.type(world().account('carol').address.slice(0, 8));
    await alice.page.keyboard.press('ArrowDown');
    await until('the row has the focus', async () => (await focused(alice)).includes('class="row"'));
    await alice.page.keyboard.press('Enter');
    await forward.waitFor({ state: 'detached' });
    await alice.sees('Forwarded message:');
    await alice.sees('Hello carol');
    assert.equal(await entry(alice, 'Forwarded message:').locator('blockquote').innerText(), 'Meet at ten');
  });

  test('the same with the mouse, on a phone', async () => {
    await alice.page.setViewportSize({ width: 390, height: 844 });
    await alice.back();
    await alice.openRow(/bob\.eth/);
    await choose(alice, 'I would pay 1.1 ETH.', 'Forward');
    await alice.screenshot('share-forward-phone');
    await sheet(alice, 'Forward to').getByRole('button', { name: /bob\.eth/ }).click();
    await alice.sees('Forwarded message:');
    await bob.sees('Forwarded message:');
    assert.equal(await entry(bob, 'Forwarded message:').locator('blockquote').innerText(), 'I would pay 1.1 ETH.');
    await alice.page.setViewportSize({ width: 1180, height: 800 });
  });

  test('a report says what is in it and what becomes of it, before anybody has it', async () => {
    await bob.button('Contact details').or(bob.chat.locator('h2 .who')).first().click();
    await bob.button(/^Report…/).click();
    const report = sheet(bob, 'Report');
    await report.getByText(/both addresses and the last \d+ messages from alice\.eth/).waitFor();
    await report.getByText('Nothing is sent by itself.').waitFor();
    await bob.screenshot('share-report');
    const [download] = await Promise.all([bob.page.waitForEvent('download'), report.getByRole('link', { name: 'Save report' }).click()]);
    const saved = JSON.parse(await readFile(await download.path(), 'utf8'));
    assert.equal(saved.reported, alice.account.address);
    const texts = saved.messages.map(({ signed }) => JSON.parse(signed).message);
    assert.ok(texts.includes('I would pay 1.1 ETH.') && !texts.includes('Meet at ten'), 'what the other one wrote, and that alone');
    await report.getByRole('button', { name: 'Close' }).click();
    await report.waitFor({ state: 'detached' });
    await bob.composer.waitFor();
  });

  test('who is reported can be blocked at once, with the keyboard alone', async () => {
    await bob.chat.locator('h2 .who').click();
    await bob.button(/^Report…/).focus();
    await bob.page.keyboard.press('Enter');
    const report = sheet(bob, 'Report');
    await report.waitFor();
    await until('the focus is inside', async () => (await focused(bob)).includes('Save report'));
    const block = report.getByRole('button', { name: 'Block' });
    for (let at = 0; at < 2; at += 1) await bob.page.keyboard.press('Tab');
    assert.match(await focused(bob), /button-bad/);
    await bob.page.keyboard.press('Enter');
    await bob.heading.waitFor();
    assert.equal(await block.count(), 0);
    assert.equal(await bob.chat.getByRole('button', { name: /alice\.eth/ }).count(), 0);
  });

  test('no page broke its policy', () => world().assertNoFaults());
});
