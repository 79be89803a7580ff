// Every kind of message, both ways between the element and a client made of the reference's libraries.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Dm3Client, aliasOf } from './client.mjs';
import { choose as chooseAt, entry as entryOf, standing } from './messages.mjs';
import { until, useWorld } from './support.mjs';

/** A picture of one pixel, as PNG. */
const DOT = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Texts that a name or an encoding may stumble over. */
const FOREIGN = 'Grüße 👋🏽 漢字 שלום \\ " \u2028 end';

/** What a file may be called. */
const ABROAD = 'Grüße 漢字 שלום 👋🏽.txt';

describe('every kind of message goes both ways', () => {
  const world = useWorld({ before, after });
  let alice;
  let carol;
  let toAlice;
  /** What the client has of the element, by its hash. */
  const here = new Map();

  const entry = (text) => entryOf(alice, text);
  const choose = (text, role, name) => chooseAt(alice, text, name, role);

  /** The first message from the element that fits, once it came. */
  async function got(what, fits) {
    return until(what, async () => {
      for (const envelope of await carol.incoming(await carol.logIn())) {
        const message = await carol.open(envelope);
        here.set(Dm3Client.hashOf(message), message);
      }
      const found = [...here].find(([, message]) => fits(message));
      if (!found) return false;
      assert.equal(found[1].metadata.from, aliasOf(alice.account.address), what);
      return { hash: found[0], ...found[1] };
    });
  }

  const ofKind = (type, text) => (message) =>
    message.metadata.type === type && (text === undefined || message.message === text);

  test('they get to know each other', async () => {
    carol = new Dm3Client(world().net, world().account('carol'));
    await carol.signUp();
    alice = await world().person('alice');
    await alice.signUp();
    toAlice = aliasOf(alice.account.address);
    await alice.writeTo(world().account('carol').address);
  });

  test('NEW', async () => {
    await alice.send(FOREIGN);
    await got('a text of the element', ofKind('NEW', FOREIGN));
    await carol.tell(toAlice, { text: `${FOREIGN} back` });
    await alice.sees(`${FOREIGN.replace('\u2028', '')} back`.slice(0, 12));
  });

  test('READ_RECEIVED and READ_OPENED', async () => {
    const hash = await carol.tell(toAlice, { text: 'Did you see this?' });
    await alice.sees('Did you see this?');
    // Seen at once, it need not be told that it came.
    const seen = await got('that it was seen', (it) => it.metadata.type === 'READ_OPENED' && it.metadata.referenceMessageHash === hash);
    assert.equal(seen.message, 'READ_OPENED');
    await alice.send('Tell me when you have it');
    const own = await got('a text', ofKind('NEW', 'Tell me when you have it'));
    for (const [type, words] of [
      ['READ_RECEIVED', /delivered/],
      ['READ_OPENED', /read/],
    ]) {
      await carol.tell(toAlice, { type, text: type, about: own.hash });
      await until(type, async () => words.test(await entry('Tell me when you have it').innerText()));
    }
  });

  test('REPLY', async () => {
    const question = await carol.tell(toAlice, { text: 'A question?' });
    await alice.sees('A question?');
    await choose('A question?', 'menuitem', 'Reply');
    await alice.send('An answer.');
    const answer = await got('the answer', ofKind('REPLY', 'An answer.'));
    assert.equal(answer.metadata.referenceMessageHash, question);
    await carol.tell(toAlice, { type: 'REPLY', text: 'Thanks for it.', about: answer.hash });
    await alice.sees('Thanks for it.');
    assert.match(await entry('Thanks for it.').locator('.quote').innerText(), /An answer\./);
  });

  test('EDIT', async () => {
    const typo = await carol.tell(toAlice, { text: 'Teh text' });
    await alice.sees('Teh text');
    const first = await carol.tell(toAlice, { type: 'EDIT', text: 'The txet', about: typo });
    await alice.sees('The txet');
    await carol.tell(toAlice, { type: 'EDIT', text: 'The text', about: first });
    await alice.sees('The text');
    assert.deepEqual(await alice.order(['Teh text', 'The txet', 'The text']), ['The text']);
    await alice.send('Mine, worng');
    const own = await got('a text', ofKind('NEW', 'Mine, worng'));
    await choose('Mine, worng', 'menuitem', 'Edit');
    await alice.composer.fill('Mine, right');
    await alice.composer.press('Enter');
    const edit = await got('an edit', ofKind('EDIT', 'Mine, right'));
    assert.equal(edit.metadata.referenceMessageHash, own.hash);
  });

  test('REACTION, and its taking back', async () => {
    const own = await got('the edit', ofKind('EDIT', 'Mine, right'));
    const given = await carol.tell(toAlice, { type: 'REACTION', text: '👍', about: own.hash });
    await entry('Mine, right').getByRole('button', { name: '👍 1' }).waitFor();
    await carol.tell(toAlice, { type: 'DELETE_REQUEST', about: given });
    await entry('Mine, right').getByRole('button', { name: '👍 1' }).waitFor({ state: 'detached' });
    await choose('The text', 'menuitemcheckbox', '🙏');
    const reaction = await got('a reaction', ofKind('REACTION', '🙏'));
    assert.deepEqual(reaction.attachments, []);
    await entry('The text').getByRole('button', { name: '🙏 1' }).click();
    await got('that it was taken back', (it) => it.metadata.type === 'DELETE_REQUEST' && it.metadata.referenceMessageHash === reaction.hash);
    // These stay.
    await carol.tell(toAlice, { type: 'REACTION', text: '🎉', about: own.hash });
    await entry('Mine, right').getByRole('button', { name: '🎉 1' }).waitFor();
    await choose('The text', 'menuitemcheckbox', '❤️');
    await got('a further reaction', ofKind('REACTION', '❤️'));
  });

  test('DELETE_REQUEST', async () => {
    const regretted = await carol.tell(toAlice, { text: 'Regretted' });
    await alice.sees('Regretted');
    await carol.tell(toAlice, { type: 'DELETE_REQUEST', about: regretted });
    await until('it is gone', async () => (await alice.order(['Regretted'])).length === 0);
    await alice.send('Regretted as well');
    const own = await got('a text', ofKind('NEW', 'Regretted as well'));
    await choose('Regretted as well', 'menuitem', 'Delete');
    await alice.chat.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await got('that it is to go', (it) => it.metadata.type === 'DELETE_REQUEST' && it.metadata.referenceMessageHash === own.hash);
  });

  test('attachments', async () => {
    const picker = alice.page.waitForEvent('filechooser');
    await alice.button('Attach files').click();
    await (await picker).setFiles([
      { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from(FOREIGN) },
      { name: ABROAD, mimeType: 'text/plain', buffer: Buffer.from('Far away') },
      { name: 'dot.png', mimeType: 'image/png', buffer: Buffer.from(DOT, 'base64') },
    ]);
    await until('all are ready', async () => {
      const texts = await alice.chat.getByRole('list', { name: 'Attached files' }).getByRole('listitem').allInnerTexts();
      return texts.length === 3 && !texts.some((text) => text.includes('Preparing'));
    });
    await alice.send('With its files');
    const { attachments } = await got('files of the element', ofKind('NEW', 'With its files'));
    assert.deepEqual(attachments.map(({ name }) => name), ['notes.txt', ABROAD, 'dot.png']);
    const [notes, , dot] = attachments.map(({ data }) => /^data:([^;,]+);base64,(.+)$/.exec(data).slice(1));
    assert.deepEqual([notes[0], Buffer.from(notes[1], 'base64').toString()], ['text/plain', FOREIGN]);
    assert.equal(dot[0], 'image/png');
    await carol.tell(toAlice, {
      text: 'All back',
      attachments: [
        { name: `back ${ABROAD}`, data: `data:text/plain;base64,${Buffer.from('From afar').toString('base64')}` },
        { name: 'answer.txt', data: `data:text/plain;base64,${Buffer.from('An attached answer').toString('base64')}` },
        { name: 'back.png', data: `data:image/png;base64,${DOT}` },
      ],
    });
    await showsFiles();
  });

  /** The files of the other client are shown. */
  async function showsFiles() {
    await alice.sees('All back');
    for (const name of ['answer.txt', `back ${ABROAD}`]) await entry('All back').getByText(name, { exact: true }).first().waitFor();
    const image = alice.log.getByRole('img', { name: 'Picture: back.png' });
    await until('the picture is drawn', () => image.evaluate((it) => it.complete && it.naturalWidth > 0));
  }

  test('after a reload everything is as it was', async () => {
    await alice.reload();
    await alice.openRow(/0x/);
    await showsFiles();
    for (const name of ['notes.txt', ABROAD]) await entry('With its files').getByText(name, { exact: true }).first().waitFor();
    await alice.sees('Thanks for it.');
    assert.deepEqual(await alice.order(['Regretted', 'Teh text', 'The text', 'Mine, right']), ['The text', 'Mine, right']);
    assert.match(await entry('Thanks for it.').locator('.quote').innerText(), /An answer\./);
    assert.match(await standing(alice, 'Tell me when you have it').innerText(), /· read$/);
    // What was taken back stays so, what was given stays.
    assert.equal(await entry('Mine, right').getByRole('button', { name: '👍 1' }).count(), 0);
    await entry('Mine, right').getByRole('button', { name: '🎉 1', pressed: false }).waitFor();
    await entry('The text').getByRole('button', { name: '❤️ 1', pressed: true }).waitFor();
    assert.equal(await entry('The text').getByRole('button', { name: '🙏 1' }).count(), 0);
    assert.match(await entry('An answer.').locator('.quote').innerText(), /A question\?/);
    assert.deepEqual(alice.faults, []);
  });
});
