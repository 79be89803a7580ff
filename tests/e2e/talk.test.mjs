// What can be done with messages, and what their texts look like.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { choose, entry, focusInMenu, menuOf } from './messages.mjs';
import { hasFocus, pressInInputMethod, until, useWorld } from './support.mjs';

describe('what is done with messages', () => {
  const world = useWorld({ before, after });
  let alice;
  let bob;

  test('two people write to each other', async () => {
    alice = await world().person('alice');
    bob = await world().person('bob');
    await alice.signUp();
    await bob.signUp();
    await alice.writeTo('bob.eth');
    await alice.send('Is #123 still for sale?');
    await bob.openRow(/alice\.eth/);
    await bob.sees('Is #123 still for sale?');
  });

  test('an answer shows what it answers, on both sides', async () => {
    await choose(bob, 'Is #123', 'Reply');
    await bob.chat.getByText('Replying').waitFor();
    assert.equal(await bob.composer.evaluate((field) => field.getRootNode().activeElement === field), true);
    await bob.send('Yes, for 1.1 ETH.');
    await until('the bar is gone', async () => (await bob.chat.getByText('Replying').count()) === 0);
    await alice.sees('Yes, for 1.1 ETH.');
    for (const person of [alice, bob]) {
      const quote = entry(person, 'Yes, for 1.1 ETH.').locator('.quote');
      assert.match(await quote.innerText(), /Is #123 still for sale\?/);
    }
  });

  test('Escape ends an answer and not the chat; what was typed stays', async () => {
    await choose(bob, 'Is #123', 'Reply');
    await bob.composer.fill('half a thought');
    await bob.composer.press('Escape');
    await until('the bar is gone', async () => (await bob.chat.getByText('Replying').count()) === 0);
    assert.equal(await bob.composer.inputValue(), 'half a thought');
    await bob.composer.fill('');
  });

  test('an answer and an edit that were begun are there again after a reload', async () => {
    const comeBack = async () => {
      await bob.reload();
      await bob.openRow(/alice\.eth/);
      await bob.log.locator('.entry').first().waitFor();
    };
    await choose(bob, 'Is #123', 'Reply');
    await bob.composer.fill('half an answer');
    await comeBack();
    await bob.chat.getByText('Replying').waitFor();
    assert.equal(await bob.composer.inputValue(), 'half an answer');
    await choose(bob, 'Yes, for 1.1 ETH.', 'Edit');
    await bob.composer.fill('Yes, for 1.2');
    await comeBack();
    await bob.chat.getByText('Editing').waitFor();
    assert.equal(await bob.composer.inputValue(), 'Yes, for 1.2');
    await bob.composer.press('Escape');
    await until('the bar is gone', async () => (await bob.chat.getByText('Editing').count()) === 0);
    assert.equal(await bob.composer.inputValue(), 'half an answer');
    await bob.composer.fill('');
  });

  test('who stops an answer by its cross goes on in the field', async () => {
    await choose(bob, 'Is #123', 'Reply');
    await until('the field has the focus', () => hasFocus(bob.composer));
    await bob.button('Cancel').focus();
    await bob.page.keyboard.press('Enter');
    await until('the bar is gone', async () => (await bob.chat.getByText('Replying').count()) === 0);
    assert.ok(await hasFocus(bob.composer));
  });

  test('keys of an input method send nothing, end no answer and do not close the chat', async () => {
    await choose(bob, 'Is #123', 'Reply');
    await bob.composer.fill('にほんご');
    for (const key of ['Enter', 'Escape']) await pressInInputMethod(bob.composer, key);
    await bob.chat.getByText('Replying').waitFor();
    assert.equal(await bob.composer.inputValue(), 'にほんご');
    assert.equal(await bob.launcher.getAttribute('aria-expanded'), 'true');
    await bob.composer.press('Escape');
    await bob.composer.fill('');
  });

  test('a quote leads to the message, however far up it is', async () => {
    for (let number = 1; number <= 30; number += 1) await bob.send(`Filling ${number}`);
    await alice.sees('Filling 30');
    await choose(alice, 'Filling 30', 'Reply');
    await alice.send('That one');
    await choose(bob, 'Is #123', 'Reply');
    await bob.send('The very first');
    await alice.sees('The very first');
    await entry(alice, 'The very first').locator('.quote').click();
    await until('the first message is seen', async () => {
      const [row, log] = [await entry(alice, 'Is #123').boundingBox(), await alice.log.boundingBox()];
      return row.y >= log.y && row.y + row.height <= log.y + log.height;
    });
  });

  test('by keyboard a message leads to what it quotes', async () => {
    await entry(alice, 'Filling 30').focus();
    await alice.page.keyboard.press('Enter');
    const menu = alice.chat.getByRole('menu');
    await menu.waitFor();
    assert.equal(await menu.getByRole('menuitem', { name: 'Go to the quoted message' }).count(), 0, 'it quotes nothing');
    await alice.page.keyboard.press('Escape');
    await menu.waitFor({ state: 'detached' });
    // Also before the menu has the focus it is the menu that closes.
    await alice.log.evaluate((log) => {
      const key = (key) => log.getRootNode().activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, composed: true }));
      log.querySelector('.entry').focus();
      key('Enter');
      key('Escape');
    });
    await menu.waitFor({ state: 'detached' });
    assert.equal(await alice.launcher.getAttribute('aria-expanded'), 'true', 'the panel stays');
    await entry(alice, 'The very first').focus();
    await alice.page.keyboard.press('Enter');
    await focusInMenu(menu.getByRole('menuitem', { name: 'Go to the quoted message' }));
    await alice.page.keyboard.press('Enter');
    await menu.waitFor({ state: 'detached' });
    await until('the first message has the focus', () => hasFocus(entry(alice, 'Is #123')));
  });

  test('a reaction is given, seen by both, and taken back', async () => {
    const menu = await menuOf(alice, 'Yes, for 1.1 ETH.');
    await alice.screenshot('talk-menu');
    await menu.getByRole('menuitemcheckbox', { name: '👍' }).click();
    for (const person of [alice, bob]) {
      await entry(person, 'Yes, for 1.1 ETH.').getByRole('button', { name: '👍 1' }).waitFor();
    }
    // bob joins in by the reaction itself.
    await entry(bob, 'Yes, for 1.1 ETH.').getByRole('button', { name: '👍 1' }).click();
    await entry(alice, 'Yes, for 1.1 ETH.').getByRole('button', { name: '👍 2' }).waitFor();
    await entry(alice, 'Yes, for 1.1 ETH.').getByRole('button', { name: '👍 2', pressed: true }).click();
    await entry(bob, 'Yes, for 1.1 ETH.').getByRole('button', { name: '👍 1', pressed: true }).waitFor();
    await bob.reload();
    await bob.openRow(/alice\.eth/);
    await entry(bob, 'Yes, for 1.1 ETH.').getByRole('button', { name: '👍 1', pressed: true }).waitFor();
  });

  test('an edit takes the place of the text, and both see what it said before', async () => {
    await bob.composer.fill('not sent yet');
    await choose(bob, 'Yes, for 1.1 ETH.', 'Edit');
    assert.equal(await bob.composer.inputValue(), 'Yes, for 1.1 ETH.');
    await bob.composer.fill('Yes, for 1.2 ETH.');
    await bob.composer.press('Enter');
    await bob.sees('Yes, for 1.2 ETH.');
    await until('what was typed before is back', async () => (await bob.composer.inputValue()) === 'not sent yet');
    await bob.composer.fill('');
    await alice.sees('Yes, for 1.2 ETH.');
    for (const person of [alice, bob]) {
      assert.equal(await entry(person, 'Yes, for 1.2 ETH.').locator('.edited').innerText(), 'edited', 'also inside of a group');
      await choose(person, 'Yes, for 1.2 ETH.', 'Earlier versions');
      const versions = person.chat.getByRole('dialog', { name: 'Message actions' });
      await versions.getByText('Yes, for 1.1 ETH.').waitFor();
      await person.screenshot(`talk-versions-${person.label}`);
      await versions.getByRole('button', { name: 'Close' }).click();
      await versions.waitFor({ state: 'detached' });
    }
  });

  test('the earlier versions are opened and left by keyboard, which closes nothing else', async () => {
    await entry(alice, 'Yes, for 1.2 ETH.').focus();
    await alice.page.keyboard.press('Enter');
    await focusInMenu(alice.chat.getByRole('menuitem', { name: 'Earlier versions' }));
    await alice.page.keyboard.press('Enter');
    const versions = alice.chat.getByRole('dialog', { name: 'Message actions' });
    await until('its button has the focus', () => hasFocus(versions.getByRole('button', { name: 'Close' })));
    await alice.page.keyboard.press('Escape');
    await versions.waitFor({ state: 'detached' });
    assert.ok(await hasFocus(entry(alice, 'Yes, for 1.2 ETH.')), 'back at the message');
    assert.equal(await alice.launcher.getAttribute('aria-expanded'), 'true', 'the panel stays');
  });

  test('an arrow in the empty field edits what was written last', async () => {
    await bob.send('A tpyo');
    await bob.composer.press('ArrowUp');
    await bob.chat.getByText('Editing your message').waitFor();
    await bob.composer.fill('A typo');
    await bob.composer.press('Enter');
    await alice.sees('A typo');
    assert.deepEqual(await alice.order(['A tpyo', 'A typo']), ['A typo']);
  });

  test('deleting is asked for once more, and then gone on both sides', async () => {
    await bob.send('Written in anger');
    await alice.sees('Written in anger');
    await choose(bob, 'Written in anger', 'Delete');
    const question = bob.chat.getByRole('alertdialog');
    await question.waitFor();
    await bob.screenshot('talk-delete');
    const [keep, remove] = ['Keep it', 'Delete'].map((name) => question.getByRole('button', { name }));
    await until('what loses nothing has the focus', () => hasFocus(keep));
    for (const [key, next] of [['Tab', remove], ['Tab', keep], ['Shift+Tab', remove]]) {
      await bob.page.keyboard.press(key);
      assert.ok(await hasFocus(next), `${key} stays in the question`);
    }
    await keep.click();
    await bob.sees('Written in anger');
    await choose(bob, 'Written in anger', 'Delete');
    await question.getByRole('button', { name: 'Delete' }).click();
    for (const person of [alice, bob]) {
      await until('it is gone', async () => (await person.order(['Written in anger'])).length === 0);
      await person.sees('Deleted by its author');
    }
  });

  test('only own messages can be edited and deleted', async () => {
    const menu = await menuOf(alice, 'A typo');
    const words = await menu.getByRole('menuitem').allInnerTexts();
    assert.deepEqual(words.filter(Boolean), ['Reply', 'Forward', 'Copy text', 'Earlier versions']);
    await alice.page.keyboard.press('Escape');
    await menu.waitFor({ state: 'detached' });
    assert.equal(await alice.launcher.getAttribute('aria-expanded'), 'true', 'the panel stays');
  });

  test('everything can be done by keyboard alone', async () => {
    await alice.log.focus();
    await alice.page.keyboard.press('End');
    await alice.page.keyboard.press('ArrowUp');
    await alice.page.keyboard.press('Enter');
    const menu = alice.chat.getByRole('menu');
    await menu.waitFor();
    await until('the first choice has the focus', async () => (await menu.locator('button:focus').count()) === 1);
    await alice.page.keyboard.press('ArrowDown');
    await alice.page.keyboard.press('ArrowUp');
    await alice.page.keyboard.press('ArrowUp');
    await alice.page.keyboard.press('Escape');
    await menu.waitFor({ state: 'detached' });
    assert.equal(await alice.log.locator('.entry:focus').count(), 1, 'back at the message');
    await alice.page.keyboard.press('Enter');
    await menu.waitFor();
    await until('the first choice has the focus', async () => (await menu.locator('button:focus').count()) === 1);
    for (let step = 0; step < 20; step += 1) {
      if ((await menu.locator('button:focus').innerText()) === 'Reply') break;
      await alice.page.keyboard.press('ArrowDown');
    }
    await alice.page.keyboard.press('Enter');
    await until('the field has the focus', async () => (await alice.chat.locator('textarea:focus').count()) === 1);
    await alice.page.keyboard.type('By keyboard');
    await alice.page.keyboard.press('Enter');
    await bob.sees('By keyboard');
    assert.equal(await entry(bob, 'By keyboard').locator('.quote').count(), 1);
  });

  test('a text is copied as it was written', async () => {
    await alice.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await choose(alice, 'Yes, for 1.2 ETH.', 'Copy text');
    await until('it is copied', async () => (await alice.page.evaluate(() => navigator.clipboard.readText())) === 'Yes, for 1.2 ETH.');
  });

  test('marks become elements, and links say where they lead', async () => {
    const text = [
      '# Offer',
      'For **you** and _only_ you: ~~2~~ `1.2` ETH, see https://market.example/nft/123.',
      '- one',
      '- two',
      '> as you said',
      '[my bank](https://evil.example/login)',
      '```',
      'let x = *1*;',
      '```',
    ].join('\n');
    await alice.composer.fill(text);
    await alice.composer.press('Enter');
    await bob.sees('as you said');
    const message = entry(bob, 'as you said').locator('.message-text');
    for (const [selector, words] of [
      ['strong', 'you'],
      ['em', 'only'],
      ['s', '2'],
      ['ul li >> nth=1', 'two'],
      ['blockquote', 'as you said'],
      ['pre code', 'let x = *1*;'],
      ['.text-heading', 'Offer'],
    ]) {
      await until(selector, async () => (await message.locator(selector).innerText()).trim() === words);
    }
    const links = message.locator('a');
    assert.equal(await links.nth(0).getAttribute('href'), 'https://market.example/nft/123');
    assert.match(await links.nth(0).getAttribute('rel'), /noopener noreferrer/);
    assert.equal(await message.locator('.link-host').innerText(), ' (evil.example)');
    await bob.screenshot('talk-marks');
  });

  test('what is hostile stays text', async () => {
    const hostile = '<img src=x onerror=alert(1)> [a](javascript:alert(1)) **<script>alert(1)</script>** [b](data:text/html,x)';
    await alice.composer.fill(hostile);
    await alice.composer.press('Enter');
    const message = entry(bob, 'onerror').locator('.message-text');
    await message.waitFor();
    assert.equal(await message.locator('img, script, a').count(), 0);
    assert.match(await message.innerText(), /<img src=x onerror=alert\(1\)> \[a\]\(javascript:alert\(1\)\) <script>alert\(1\)<\/script>/);
  });

  test('nothing broke the page or its policy', () => {
    for (const person of [alice, bob]) assert.deepEqual(person.faults, []);
  });
});
