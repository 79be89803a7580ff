// What a page does with its element: styles it, listens, throws, loads the script twice, moves it, takes it away at any moment.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until, useWorld } from './support.mjs';

/** What the page's own handler throws: it is the page's, and reported as any other. */
const OWN_FAULT = 'the page’s own';

describe('what a page does with its element', () => {
  const world = useWorld({ before, after });
  let carol;

  const chat = (use, given) => carol.page.locator('dm3-chat').evaluate(use, given);
  const isOpen = () => chat((it) => it.matches(':state(open)'));

  before(async () => {
    carol = await world().person('carol');
    await carol.launcher.waitFor();
  });

  test('the launcher has the page’s picture, corner and distances, and is in front as far as the page says', async () => {
    await chat((it) => {
      const icon = document.createElement('img');
      Object.assign(icon, { slot: 'launcher-icon', src: '/icon.svg', alt: '' });
      it.append(icon);
      for (const [name, value] of [['offset-inline', '50px'], ['offset-block', '30px'], ['z-index', '7']]) it.style.setProperty(`--dm3-${name}`, value);
    });
    await carol.page.locator('dm3-chat > img').waitFor();
    const place = () =>
      carol.launcher.evaluate((launcher) => {
        const { left, right, bottom } = launcher.getBoundingClientRect();
        const { clientWidth, clientHeight } = document.documentElement;
        return { left: Math.round(left), right: Math.round(clientWidth - right), bottom: Math.round(clientHeight - bottom), layer: getComputedStyle(launcher.getRootNode().host).zIndex };
      });
    const { right, bottom, layer } = await place();
    assert.deepEqual({ right, bottom, layer }, { right: 50, bottom: 30, layer: '7' });
    await chat((it) => (it.placement = 'start'));
    await until('it is in the other corner', async () => (await place()).left === 50);
    await chat((it) => {
      it.placement = undefined;
      it.removeAttribute('style');
    });
  });

  test('it is told in order what opens and closes, and handlers that throw change nothing', async () => {
    const told = await chat((it, fault) => {
      const told = [];
      for (const name of ['show', 'after-show', 'hide', 'after-hide']) {
        it.addEventListener(`dm3-${name}`, () => {
          told.push([name, it.open, it.matches(':state(open)')]);
          throw new Error(fault);
        }, { once: true });
      }
      it.toggle();
      it.toggle();
      return told;
    }, OWN_FAULT);
    assert.deepEqual(told, [['show', false, false], ['after-show', true, true], ['hide', true, true], ['after-hide', false, false]]);
    await carol.open();
    await carol.button('Connect wallet').waitFor();
    await carol.button('Close').click();
    assert.equal(await isOpen(), false);
  });

  test('a second copy of the script, of whichever version, leaves the first in its place', async () => {
    const isSame = await carol.page.evaluate(async () => {
      const [first, queue] = [customElements.get('dm3-chat'), window.dm3Chat];
      await import('/dist/dm3-chat.js?another');
      return first === customElements.get('dm3-chat') && queue === window.dm3Chat;
    });
    assert.equal(isSame, true);
  });

  test('a link that came later, and what is in it, opens its conversation and leads nowhere', async () => {
    await carol.page.evaluate(() => {
      const [link, inside] = [document.createElement('a'), document.createElement('em')];
      inside.textContent = 'Write to the shop';
      link.href = '/elsewhere';
      link.dataset.dm3To = 'shop.eth';
      link.append(inside);
      document.querySelector('main').prepend(link);
    });
    await carol.page.getByText('Write to the shop').click();
    await until('it is open', isOpen);
    assert.equal(new URL(carol.page.url()).pathname, '/');
  });

  test('taken away while the wallet asks, it hears no answer; put back, it begins where it was', async () => {
    await carol.button('Connect wallet').click();
    await carol.button('Create keys').waitFor();
    await carol.page.evaluate(() => {
      const wallet = window.dm3DevWallet;
      const request = wallet.request.bind(wallet);
      const answered = new Promise((release) => (window.release = release));
      wallet.request = async (asked) => {
        const answer = await request(asked);
        if (asked.method === 'personal_sign') await answered;
        return answer;
      };
    });
    await carol.button('Create keys').click();
    await until('the wallet was asked', async () => (await carol.signatures()) === 1);
    await chat((it) => {
      window.kept = it;
      it.remove();
    });
    await carol.page.evaluate(async () => {
      window.release();
      await new Promise((later) => setTimeout(later, 200));
      document.body.append(window.kept);
    });
    await until('nobody is signed in', async () => (await chat((it) => it.state)) === 'signed-out');
    await carol.signUp();
    await until('she is connected', () => chat((it) => it.matches(':state(connected)')));
  });

  test('moved by moveBefore() it keeps what is written in it, and the focus', async () => {
    await carol.writeTo('alice.eth');
    await carol.composer.fill('Half a sentence');
    await carol.composer.focus();
    const kept = await chat((it) => {
      const place = document.createElement('section');
      document.body.append(place);
      const field = it.shadowRoot.activeElement;
      place.moveBefore(it, null);
      return it.parentNode === place && it.shadowRoot.activeElement === field && field.value;
    });
    assert.equal(kept, 'Half a sentence');
  });

  /** How many records each table of the database has, of those that have any. */
  const records = () =>
    carol.page.evaluate(
      () =>
        new Promise((counted, failed) => {
          const opening = indexedDB.open('dm3-chat');
          opening.onerror = () => failed(opening.error);
          opening.onsuccess = () => {
            const { result: database } = opening;
            const names = [...database.objectStoreNames];
            const transaction = database.transaction(names);
            const counts = names.map((name) => [name, transaction.objectStore(name).count()]);
            transaction.oncomplete = () => {
              database.close();
              counted(Object.fromEntries(counts.filter(([, { result }]) => result > 0).map(([name, { result }]) => [name, result])));
            };
          };
        }),
    );

  /** Nothing is kept now. The database is there, with nothing in it but the browser's key under which keys of accounts were. */
  async function nothingIsKept() {
    const kept = () => [localStorage, sessionStorage].flatMap((storage) => Object.keys(storage)).filter((name) => name.startsWith('dm3-chat:'));
    assert.deepEqual([await records(), await carol.page.evaluate(kept)], [{ vault: 1 }, []]);
  }

  test('reset() leaves nobody signed in and nothing in the browser, and is done only then', async () => {
    const account = await chat(async (it) => {
      await it.reset();
      return it.account;
    });
    assert.equal(account, undefined);
    await nothingIsKept();
    await carol.button('Connect wallet').waitFor();
  });

  test('reset() deletes what was kept when somebody signed out', async () => {
    await carol.signIn();
    await chat((it) => it.disconnect());
    await carol.button('Connect wallet').waitFor();
    assert.ok((await records()).vault > 1);
    await chat((it) => it.reset());
    await nothingIsKept();
  });

  test('reset() in one tab deletes what another has, which is signed out then', async () => {
    await carol.signIn();
    const other = await carol.context.newPage();
    await other.goto(carol.page.url());
    const there = other.locator('dm3-chat');
    await until('she is signed in there, too', () => there.evaluate((it) => it.account !== undefined));
    await chat((it) => it.reset());
    await nothingIsKept();
    await until('she is signed out there', () => there.evaluate((it) => it.account === undefined));
    await other.close();
    await nothingIsKept();
  });

  test('nothing else broke the page or its policy', () => world().assertNoFaults(new RegExp(OWN_FAULT)));
});
