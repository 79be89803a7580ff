// The chat at every size: the list beside what is open where there is room, boxes of 280 pixels, phones with their
// keyboards and fingers, text that runs the other way, zoom, and colours that the system forces.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Dm3Client, aliasOf } from './client.mjs';
import { boxOf, finger, looksRight, until, useWorld } from './support.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** A keyboard on the screen, as a page sees it: `dm3Keyboard(pixels)`. */
function fakeKeyboard() {
  const { visualViewport: real } = window;
  let covered = 0;
  const fake = Object.defineProperties(new EventTarget(), {
    height: { get: () => real.height - covered },
    offsetTop: { get: () => 0 },
    scale: { get: () => 1 },
  });
  Object.defineProperty(window, 'visualViewport', { value: fake });
  window.dm3Keyboard = (pixels) => {
    covered = pixels;
    fake.dispatchEvent(new Event('resize'));
  };
}

describe('at every size', () => {
  const world = useWorld({ before, after });
  let alice;
  let bob;
  let collector;

  before(async () => {
    bob = new Dm3Client(world().net, world().account('bob'));
    collector = new Dm3Client(world().net, world().account('collector'));
    await bob.signUp();
    await collector.signUp();
  });

  const row = (person, name) => person.chat.locator('[part~="list"]').getByRole('button', { name });
  const title = (person, name) => person.chat.getByRole('heading', { name, exact: true });
  const focused = (person) =>
    person.chat.evaluate(({ shadowRoot: { activeElement: it } }) => it?.getAttribute('aria-label') ?? it?.textContent.trim() ?? '');
  const nothingOpen = (person) => person.chat.getByText('No conversation is open');

  /** Gives the element this width, as a page's styles would. */
  async function resize(person, width) {
    await person.chat.evaluate((chat, width) => chat.style.setProperty('width', `${width}px`), width);
    await person.page.waitForTimeout(100);
  }

  /** A finger that goes from one place to another. */
  async function swipe(person, [x, y], [toX, toY]) {
    await finger(person, async (touch) => {
      await touch('touchStart', { x, y });
      for (const part of [0.1, 0.3, 0.5, 0.7, 0.9, 1]) {
        await touch('touchMove', { x: x + (toX - x) * part, y: y + (toY - y) * part });
        await person.page.waitForTimeout(20);
      }
      await touch('touchEnd');
    });
  }

  /** Two conversations, one of them with somebody whose name is long. */
  async function fill(person) {
    const to = aliasOf(person.account.address);
    await collector.send(to, 'I collect things. Many things. Would you sell me one of yours, whatever it is?');
    await bob.send(to, 'Hi! Is #123 still for sale?');
    await person.openRow(/a-very-long/);
    await person.back();
    await person.openRow(/bob\.eth/);
    await person.sees('Is #123 still for sale?');
    await person.send('Yes, still available, in an-extraordinarily-long-word-that-goes-on-and-on-without-a-space-for-as-long-as-it-likes.');
    await person.back();
  }

  test('where there is room, the list stands beside what is open', async () => {
    alice = await world().person('alice', { path: '/inline.html' });
    await alice.button('Connect wallet').waitFor();
    await looksRight(alice, 'wide-sign-in');
    await resize(alice, 390);
    await alice.signUp();
    await fill(alice);
    await nothingOpen(alice).waitFor({ state: 'hidden' });
    await alice.chat.evaluate((chat) => chat.style.removeProperty('width'));
    await nothingOpen(alice).waitFor();
    await looksRight(alice, 'wide-nothing');

    await row(alice, /bob\.eth/).click();
    await alice.composer.waitFor();
    await alice.sees('Yes, still available');
    await looksRight(alice, 'wide-thread');
    assert.ok(await alice.heading.isVisible(), 'the list is still there');
    assert.equal(await alice.button('Back').isVisible(), false, 'no way back to what is there');
    assert.equal(await alice.chat.locator('[aria-current]').count(), 1);
    assert.match(await alice.chat.locator('[aria-current]').innerText(), /bob\.eth/);
    await until('the composer has the focus', async () => (await focused(alice)) === 'Message bob.eth');

    await row(alice, /a-very-long/).click();
    await alice.sees('I collect things.');
    assert.match(await alice.chat.locator('[aria-current]').innerText(), /a-very-long/);
    await looksRight(alice, 'wide-long-name');
  });

  test('by keyboard: from the list into the conversation, and back to its row by Escape', async () => {
    await row(alice, /a-very-long/).focus();
    const other = await focused(alice);
    await alice.page.keyboard.press('ArrowUp');
    await until('the row above has the focus', async () => (await focused(alice)) !== other);
    await alice.page.keyboard.press('ArrowDown');
    await until('the row below has the focus', async () => (await focused(alice)) === other);
    await row(alice, /bob\.eth/).focus();
    await alice.page.keyboard.press('Enter');
    await until('the composer has the focus', async () => (await focused(alice)) === 'Message bob.eth');
    // Chosen once more, by mouse and by keyboard, it is gone on with as well.
    await row(alice, /bob\.eth/).click();
    await until('the composer has the focus', async () => (await focused(alice)) === 'Message bob.eth');
    await row(alice, /bob\.eth/).focus();
    await alice.page.keyboard.press('Enter');
    await until('the composer has the focus', async () => (await focused(alice)) === 'Message bob.eth');
    await alice.page.keyboard.type('half a sentence');
    await alice.page.keyboard.press('Escape');
    await nothingOpen(alice).waitFor();
    await until('its row has the focus', async () => /^B?bob\.eth/.test(await focused(alice)));
    assert.equal(await alice.chat.locator('[aria-current]').count(), 0);
    // From the list's last row the conversation comes next.
    await alice.page.keyboard.press('Enter');
    await until('it was kept', async () => (await alice.composer.inputValue()) === 'half a sentence');
    await row(alice, /a-very-long/).focus();
    const below = await alice.chat.evaluate(({ shadowRoot }) => {
      const rows = [...shadowRoot.querySelectorAll('.row')];
      rows.at(-1).focus();
      return rows.length;
    });
    assert.equal(below, 2);
    await alice.page.keyboard.press('Tab');
    assert.match(await focused(alice), /contact details/);
  });

  test('settings, a backup and a contact stand in the place of the conversation, which comes back', async () => {
    await alice.button('Account').click();
    await alice.button('Settings').click();
    await title(alice, 'Privacy').waitFor();
    await looksRight(alice, 'wide-settings');
    assert.ok(await alice.heading.isVisible());
    await alice.button('Back').click();
    assert.equal(await alice.composer.inputValue(), 'half a sentence');
    await alice.button('Account').click();
    await alice.button(/Backup|backup/).first().click();
    await alice.button('Back').click();
    assert.equal(await alice.composer.inputValue(), 'half a sentence');
    await alice.button(/contact details/).click();
    await title(alice, 'Contact').waitFor();
    await looksRight(alice, 'wide-contact');
    await alice.page.keyboard.press('Escape');
    await alice.composer.waitFor();
    assert.equal(await alice.composer.inputValue(), 'half a sentence');
  });

  test('another width loses nothing: what is typed, where it is read, and what has the focus', async () => {
    for (let number = 0; number < 12; number += 1) await bob.send(aliasOf(alice.account.address), `Line ${number}\nand another`);
    await alice.sees('Line 11');
    await alice.composer.focus();
    const place = () => alice.log.evaluate((log) => log.scrollTop);
    await alice.log.evaluate((log) => (log.scrollTop = -120));
    for (const width of [390, 1000]) {
      await resize(alice, width);
      assert.equal(await alice.heading.isVisible(), width === 1000, `the list at ${width}`);
      assert.equal(await alice.composer.inputValue(), 'half a sentence');
      assert.equal(await focused(alice), 'Message bob.eth');
      assert.equal(await place(), -120);
    }
    await alice.search.fill('bob');
    await resize(alice, 390);
    await resize(alice, 1000);
    assert.equal(await alice.search.inputValue(), 'bob');
    await alice.search.fill('');
    // Another conversation begins at its end, whatever was read before.
    await row(alice, /a-very-long/).click();
    await alice.sees('I collect things.');
    await row(alice, /bob\.eth/).click();
    await alice.sees('Line 11');
    assert.equal(await place(), 0);
  });

  test('in a box of 280 pixels nothing is cut off', async () => {
    await resize(alice, 280);
    await looksRight(alice, 'small-thread');
    await alice.button(/contact details/).click();
    await title(alice, 'Contact').waitFor();
    await looksRight(alice, 'small-contact');
    await alice.button('Back').click();
    await alice.back();
    await looksRight(alice, 'small-list');
    await alice.button('Account').click();
    await alice.screenshot('small-menu');
    const card = await boxOf(alice.chat.locator('.menu-card'));
    const box = await boxOf(alice.chat);
    assert.ok(card.x >= box.x && card.x + card.width <= box.x + box.width, 'the menu stays inside');
    await alice.button('Settings').click();
    await title(alice, 'Privacy').waitFor();
    await looksRight(alice, 'small-settings');
    await alice.button('Back').click();
    await alice.search.fill('nobody-has-this-name.eth');
    await alice.chat.locator('.row-first').getByText('Nobody is registered as nobody-has-this-name.eth.').waitFor();
    await looksRight(alice, 'small-search');
    await alice.search.fill('');
    const bare = await world().person('dave', { path: '/inline.html' });
    await resize(bare, 280);
    await bare.button('Connect wallet').waitFor();
    await looksRight(bare, 'small-sign-in');
    await bare.context.close();
  });

  test('where text runs from right to left, everything is the other way round', async () => {
    await alice.chat.evaluate((chat) => chat.setAttribute('dir', 'rtl'));
    for (const width of [1000, 390]) {
      await resize(alice, width);
      if (width === 390) await looksRight(alice, 'rtl-list');
      await row(alice, /bob\.eth/).click();
      await alice.sees('Line 11');
      await looksRight(alice, `rtl-thread-${width}`);
      const box = async (locator) => (await boxOf(locator)).x;
      assert.ok((await box(alice.button('Send'))) < (await box(alice.composer)), 'Send is at the end');
      if (width === 1000) assert.ok((await box(alice.heading)) > (await box(alice.composer)), 'the list is at the start');
      await alice.button(/contact details/).click();
      await title(alice, 'Contact').waitFor();
      await looksRight(alice, `rtl-contact-${width}`);
      assert.ok((await box(alice.button('Back'))) > (await box(title(alice, 'Contact'))), 'Back is at the start');
      await alice.button('Back').click();
      await alice.composer.press('Escape');
      await alice.heading.waitFor();
    }
    await alice.chat.evaluate((chat) => chat.removeAttribute('dir'));
    // Without it, text runs as the language does, whatever the page around does.
    await alice.page.evaluate(() => document.documentElement.setAttribute('dir', 'rtl'));
    await row(alice, /bob\.eth/).click();
    await alice.sees('Line 11');
    assert.ok((await boxOf(alice.button('Send'))).x > (await boxOf(alice.composer)).x, 'English');
    await alice.page.evaluate(() => document.documentElement.removeAttribute('dir'));
    await alice.button('Back').click();
  });

  test('with forced colours everything that can be pressed has an edge', async () => {
    await alice.page.emulateMedia({ forcedColors: 'active' });
    await resize(alice, 1000);
    await row(alice, /bob\.eth/).click();
    await alice.sees('Line 11');
    await looksRight(alice, 'forced-thread');
    const edge = (selector) =>
      alice.chat.evaluate(({ shadowRoot }, selector) => getComputedStyle(shadowRoot.querySelector(selector)).borderTopWidth, selector);
    for (const selector of ['.send', '.composer textarea', '.message', '.row[aria-current]', '.icon-button']) {
      assert.notEqual(await edge(selector), '0px', selector);
    }
    await alice.page.emulateMedia({ forcedColors: 'none' });
    await alice.context.close();
  });

  test('at 200 % zoom the panel fits, and everything in it can be reached', async () => {
    const person = await world().person('alice', { context: { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 } });
    await person.signIn();
    await looksRight(person, 'zoom-list');
    await person.openRow(/bob\.eth/);
    await person.sees('Line 11');
    // Where something is unread it opens there, and the way to the end lies over what is below.
    await person.log.press('End');
    await person.button('Go to the newest message').waitFor({ state: 'hidden' });
    await looksRight(person, 'zoom-thread');
    await person.context.close();
  });

  test('a large dialog has both as well, and Escape closes it', async () => {
    const person = await world().person('dave', { context: { viewport: { width: 1180, height: 800 } } });
    await person.chat.evaluate((chat) => chat.style.setProperty('--dm3-width', '860px'));
    await person.signUp();
    await nothingOpen(person).waitFor();
    await person.writeTo('bob.eth');
    await looksRight(person, 'wide-dialog');
    assert.equal(await person.button('Close').filter({ visible: true }).count(), 1);
    await person.composer.press('Escape');
    await person.composer.waitFor({ state: 'hidden' });
    await person.launcher.click();
    await person.composer.waitFor();
    await person.context.close();
  });

  describe('on a phone', () => {
    let carol;

    test('the chat is the whole screen, and what is to be hit is large enough for a finger', async () => {
      carol = await world().person('carol', { context: PHONE, init: fakeKeyboard });
      await carol.signUp();
      await fill(carol);
      await looksRight(carol, 'phone-list');
      await carol.openRow(/bob\.eth/);
      await looksRight(carol, 'phone-thread');
      for (const name of ['Back', 'Send', 'Attach files']) {
        const { width, height } = await boxOf(carol.button(name));
        assert.ok(width >= 44 && height >= 44, `${name} is ${width} × ${height}`);
      }
    });

    test('a keyboard does not cover the composer', async () => {
      await carol.composer.tap();
      await carol.page.evaluate(() => window.dm3Keyboard(320));
      await looksRight(carol, 'phone-keyboard');
      const { y, height } = await boxOf(carol.composer);
      assert.ok(y + height <= 844 - 320, `the composer ends at ${y + height}`);
      assert.ok((await boxOf(carol.log)).height > 100, 'there is room for messages');
      await carol.page.evaluate(() => window.dm3Keyboard(0));
      const lower = await boxOf(carol.composer);
      assert.ok(lower.y > y + 300, 'it is down again');
    });

    test('a swipe from the edge leads back to the list; a short or a steep one, and one from the middle, do not', async () => {
      for (const [from, to] of [[[5, 400], [60, 400]], [[5, 300], [120, 700]], [[150, 400], [380, 400]]]) {
        await swipe(carol, from, to);
        await carol.page.waitForTimeout(300);
        assert.ok(await carol.composer.isVisible(), `from ${from} to ${to}`);
        assert.equal(await carol.chat.locator('.main').evaluate((main) => main.style.cssText), '');
      }
      await swipe(carol, [5, 400], [300, 410]);
      await carol.heading.waitFor();
      await carol.openRow(/bob\.eth/);
      await carol.chat.evaluate((chat) => chat.setAttribute('dir', 'rtl'));
      await looksRight(carol, 'phone-rtl');
      await swipe(carol, [5, 400], [300, 410]);
      assert.ok(await carol.composer.isVisible());
      await swipe(carol, [385, 400], [80, 410]);
      await carol.heading.waitFor();
      await carol.page.evaluate(() => document.documentElement.removeAttribute('dir'));
      await carol.chat.evaluate((chat) => chat.removeAttribute('dir'));
    });

    test('a swipe leads back from settings, the own account, a backup and a contact, as their buttons do', async () => {
      const goBack = () => swipe(carol, [5, 400], [300, 410]);
      await carol.button('Account').click();
      await carol.button('Settings').click();
      await title(carol, 'Privacy').waitFor();
      await carol.button(/^Your account/).click();
      await title(carol, 'Delivery services').waitFor();
      await goBack();
      await title(carol, 'Privacy').waitFor();
      await goBack();
      await carol.heading.waitFor();
      await carol.button('Account').click();
      await carol.button(/Backup/).first().click();
      await title(carol, 'Backup').waitFor();
      await goBack();
      await carol.heading.waitFor();
      await carol.openRow(/bob\.eth/);
      await carol.button(/contact details/).click();
      await title(carol, 'Contact').waitFor();
      await goBack();
      await carol.composer.waitFor();
      await goBack();
      await carol.heading.waitFor();
    });

    test('on its side there is room for both', async () => {
      await carol.page.setViewportSize({ width: 844, height: 390 });
      await carol.openRow(/bob\.eth/);
      await looksRight(carol, 'phone-landscape');
      assert.ok(await carol.heading.isVisible());
      await carol.context.close();
    });
  });

  test('no page broke its policy', () => world().assertNoFaults());
});
