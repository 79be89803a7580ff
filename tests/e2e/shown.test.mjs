// What others write is shown as what it is, wherever it stands: nothing of it runs, leads elsewhere, or leaves its place.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Wallet } from 'ethers';
import { Dm3Client, aliasOf } from './client.mjs';
import { HOSTILE, NODE_SETTINGS } from './hostile-texts.mjs';
import { layoutFaults } from './layout.mjs';
import { until, useWorld } from './support.mjs';

/** What stands out of the panel, or is what no text of somebody may become. In the page. */
function strays() {
  const root = document.querySelector('dm3-chat').shadowRoot;
  const frame = root.querySelector('[part~="panel"]').getBoundingClientRect();
  const found = [];
  for (const element of root.querySelectorAll('.row, .row *, .entry, .entry *, .request, .file')) {
    if (!element.checkVisibility() || element.closest('.sr')) continue;
    const { left, right, width } = element.getBoundingClientRect();
    if (width > 0 && (left < frame.left - 1 || right > frame.right + 1) && !isShortened(element)) {
      found.push(`${element.localName}.${element.className} stands from ${left} to ${right}`);
    }
    if (element.matches('script, iframe, object, embed, form, style, svg:not(.icon, .icon *)')) found.push(`a ${element.localName}`);
    if (element.matches('img') && !element.src.startsWith('blob:')) found.push(`a picture of ${element.src}`);
    if (element.matches('a') && !/^(https?|mailto|blob):/.test(element.href)) found.push(`a link to ${element.href.slice(0, 99)}`);
    for (const { name } of element.attributes) if (name.startsWith('on')) found.push(`${element.localName} with ${name}`);
  }
  /** Whether what it stands in shows no more of it than fits. */
  function isShortened(element) {
    for (let at = element; at && !at.matches('.row, .entry, .request'); at = at.parentElement) {
      if (getComputedStyle(at.parentElement).overflowX !== 'visible') return !at.parentElement.matches('.log, .list');
    }
    return false;
  }
  return found;
}

/** The longest text that counts as a reaction, in bytes. */
const REACTION = 64;

/** How messages begin that are wider than any line can be: they end at the edge of their bubble, or of a quote. */
const CUT = HOSTILE.filter(({ unbreakable }) => unbreakable).map(({ text }) => text.slice(0, 9));

/** The bytes of a text that a browser would run if it opened it. */
const PAGE = `data:text/html;base64,${Buffer.from('<script>opener.ran = true</script>').toString('base64')}`;

describe('what others write stays what it is', () => {
  const world = useWorld({ before, after, settings: NODE_SETTINGS });
  const asked = [];
  let alice;
  let carol;
  let toAlice;
  let given = 0;

  const last = () => alice.log.locator('.entry').last();

  /** Everything that is on the screen now is as it should be. */
  async function isWhole(what) {
    assert.deepEqual(await alice.page.evaluate(strays), [], what);
    const faults = await alice.page.evaluate(layoutFaults);
    const isMeant = (fault) => / is cut off or scrolls sideways /.test(fault) && CUT.some((start) => fault.includes(`“${start}`));
    assert.deepEqual(faults.filter((fault) => !isMeant(fault)), [], what);
    assert.equal(await alice.page.evaluate(() => window.ran), undefined, `${what}: it ran`);
    assert.deepEqual(asked, [], what);
    assert.deepEqual(alice.faults, [], what);
  }

  /** Waits until the newest message of the open conversation holds this. */
  const newest = (text) => until('it is the newest', async () => (await last().innerText()).includes(text));

  const unread = () => alice.chat.evaluate((chat) => chat.unreadCount);

  before(async () => {
    alice = await world().person('alice');
    alice.page.on('dialog', (dialog) => {
      asked.push(`a window: ${dialog.message()}`);
      return dialog.dismiss();
    });
    alice.context.on('page', (page) => asked.push(`another page: ${page.url()}`));
    alice.context.on('request', (request) => {
      if (/evil\.example/.test(request.url())) asked.push(request.url());
    });
    await alice.signUp();
    toAlice = aliasOf(alice.account.address);
    carol = new Dm3Client(world().net, world().account('carol'));
    await carol.signUp();
    await carol.tell(toAlice, { text: 'We know each other' });
    await alice.openRow(/0x/);
    await alice.send('We do');
    await alice.back();
  });

  test('what is looked for would be found', async () => {
    await alice.openRow(/0x/);
    const message = alice.log.locator('.entry .message').first();
    assert.deepEqual(await alice.page.evaluate(strays), []);
    for (const change of [
      (message) => (message.style.marginInlineStart = '-900px'),
      (message) => message.append(document.createElement('form')),
      (message) => message.append(document.createElementNS('http://www.w3.org/2000/svg', 'svg')),
      (message) => message.append(Object.assign(document.createElement('a'), { href: 'javascript:0' })),
      (message) => message.append(Object.assign(document.createElement('img'), { src: 'data:image/png,' })),
    ]) {
      await message.evaluate(change);
      assert.notDeepEqual(await alice.page.evaluate(strays), [], `${change}`);
      await message.evaluate((message) => {
        message.removeAttribute('style');
        message.querySelector('form, svg:not(.icon), a, img')?.remove();
      });
    }
    // That a picture of the page was asked for is one of the faults that are looked for.
    alice.faults.length = 0;
    await alice.reload();
  });

  for (const { name, text, shown, reaction = true, long } of HOSTILE) {
    test(`${name}: as a message, in the list, quoted, as a reaction and as the name of a file`, async () => {
      if (await alice.button('Back').isVisible()) await alice.back();
      const about = await carol.tell(toAlice, { text });
      await until('it is in the list', async () => (await unread()) === 1);
      await isWhole('in the list');
      await alice.openRow(/0x/);
      await newest(shown);
      await isWhole('as a message');

      await carol.tell(toAlice, { type: 'REACTION', text, about });
      // What comes after it shows that it was read.
      await carol.tell(toAlice, { type: 'REPLY', text: `After ${name}`, about });
      await newest(`After ${name}`);
      const chips = alice.log.locator('.entry', { has: alice.page.locator('.reactions') });
      given += Number(reaction && Buffer.byteLength(text) <= REACTION);
      await until('the reaction is shown, or was never one', async () => (await chips.count()) === given);
      assert.equal(await last().locator('.quote').count(), 1);
      await isWhole('quoted, and as a reaction');

      await carol.tell(toAlice, { type: 'REPLY', text, about });
      await newest(shown);
      assert.equal(await last().locator('.quote').count(), 1);
      await isWhole('as an answer');
      await alice.back();
      await isWhole('in the list, as an answer');
      await alice.openRow(/0x/);

      if (!long) {
        await carol.tell(toAlice, { text: `The file of ${name}`, attachments: [{ name: text, data: PAGE }] });
        await newest(`The file of ${name}`);
        await last().locator('.file, .file-text').first().waitFor();
        await isWhole('as the name of a file');
      }
      await alice.back();
    });
  }

  test('each as what a stranger writes first', async () => {
    if (await alice.button('Back').isVisible()) await alice.back();
    for (const { name, text, shown } of HOSTILE) {
      const stranger = new Dm3Client(world().net, Wallet.createRandom());
      await stranger.signUp();
      await stranger.tell(toAlice, { text });
      const requests = alice.chat.getByRole('button', { name: /^Requests · / });
      await requests.waitFor();
      if ((await requests.getAttribute('aria-pressed')) !== 'true') await requests.click();
      const row = alice.chat.locator('[part~="list"] .row');
      await until('it is in the list', async () => (await row.count()) === 1);
      await isWhole(`${name}: in the list of requests`);
      await row.click();
      await alice.chat.getByRole('group', { name: 'Message request' }).waitFor();
      await newest(shown);
      assert.equal(await alice.log.locator('.message a').count(), 0, `${name}: a stranger links nowhere`);
      await isWhole(`${name}: as a request`);
      await alice.button('Block').click();
      await alice.heading.waitFor();
    }
  });
});
