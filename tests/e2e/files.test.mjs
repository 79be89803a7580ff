// Attachments: how they are given, what is said before they are sent, and what becomes of them on the other side.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { boxOf, until, useWorld } from './support.mjs';

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="window.ran = true"><script>window.ran = true</script></svg>';
const PDF = '%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF';

/** A picture that the browser itself makes, as base64. `noise` makes it large. */
const picture = (person, { width, height, type = 'image/jpeg', noise = false, flat = false, quality = 0.9 }) =>
  person.page.evaluate(
    async ({ width, height, type, noise, flat, quality }) => {
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext('2d');
      const sky = context.createLinearGradient(0, 0, width, height);
      for (const [stop, colour] of [[0, '#f59e0b'], [0.5, '#ec4899'], [1, '#6366f1']]) sky.addColorStop(stop, colour);
      context.fillStyle = flat ? '#0ea5e9' : sky;
      context.fillRect(0, 0, width, height);
      if (noise) {
        const data = context.getImageData(0, 0, width, height);
        for (let at = 0; at < data.data.length; at += 1) if (at % 4 !== 3) data.data[at] ^= Math.random() * 96;
        context.putImageData(data, 0, 0);
      }
      const blob = await canvas.convertToBlob({ type, quality });
      return btoa([...new Uint8Array(await blob.arrayBuffer())].map((byte) => String.fromCharCode(byte)).join(''));
    },
    { width, height, type, noise, flat, quality },
  );

/** A JPEG as a telephone writes it: with the place where it was taken. */
function withPosition(jpeg) {
  const entry = (tag, type, count, value) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16LE(tag, 0);
    bytes.writeUInt16LE(type, 2);
    bytes.writeUInt32LE(count, 4);
    bytes.writeUInt32LE(value, 8);
    return bytes;
  };
  const degrees = Buffer.alloc(24);
  [52, 1, 31, 1, 12, 1].forEach((number, at) => degrees.writeUInt32LE(number, 4 * at));
  const tiff = Buffer.concat([
    Buffer.from('II*\0\x08\0\0\0', 'latin1'),
    Buffer.from([1, 0]),
    entry(0x8825, 4, 1, 26),
    Buffer.alloc(4),
    Buffer.from([2, 0]),
    entry(1, 2, 2, 'N'.charCodeAt(0)),
    entry(2, 5, 3, 56),
    Buffer.alloc(4),
    degrees,
  ]);
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)]);
}

/** Gives files as a drop or a paste does. */
const give = (person, how, files) =>
  person.chat.evaluate(
    (chat, { how, files }) => {
      const data = new DataTransfer();
      for (const { name, type, base64 } of files) {
        data.items.add(new File([Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0))], name, { type }));
      }
      const options = { bubbles: true, composed: true, cancelable: true };
      const target = chat.shadowRoot.querySelector(how === 'paste' ? 'textarea' : '.log');
      if (how === 'paste') return target.dispatchEvent(new ClipboardEvent('paste', { ...options, clipboardData: data }));
      target.dispatchEvent(new DragEvent('dragover', { ...options, dataTransfer: data }));
      return how === 'hold' || target.dispatchEvent(new DragEvent('drop', { ...options, dataTransfer: data }));
    },
    { how, files },
  );

async function choose(person, files) {
  const asked = person.page.waitForEvent('filechooser');
  await person.button('Attach files').click();
  await (await asked).setFiles(files);
}

const base64 = (text) => Buffer.from(text).toString('base64');
const strip = (person) => person.chat.getByRole('list', { name: 'Attached files' });
const attached = (person, count) =>
  until(`${count} files are ready`, async () => {
    const texts = await strip(person).getByRole('listitem').allInnerTexts();
    return texts.length === count && !texts.some((text) => text.includes('Preparing'));
  });
const press = (person) => person.button('Send').click();
const gone = (person) => until('the strip is empty', async () => (await strip(person).count()) === 0);
/** What the element shows at an address of its own, as bytes. */
const bytesOf = async (person, locator, attribute) => {
  const list = await locator.evaluate(async (element, attribute) => {
    // The policy forbids to fetch it, as it should; whoever saves it gets it all the same.
    const image = attribute === 'src' ? element : null;
    return { url: element[attribute], loaded: image?.complete && image.naturalWidth > 0 };
  }, attribute);
  return list;
};

describe('attachments', () => {
  const world = useWorld({ before, after });
  let alice;
  let bob;
  let photo;

  test('a picture of a stranger is not rendered, but told', async () => {
    const init = () => {
      // What is made into a file, for the tests to look into.
      window.made = [];
      const make = URL.createObjectURL;
      URL.createObjectURL = (blob) => {
        const url = make.call(URL, blob);
        window.made.push({ url, blob });
        return url;
      };
      window.gone = [];
      const revoke = URL.revokeObjectURL;
      URL.revokeObjectURL = (url) => {
        window.gone.push(url);
        return revoke.call(URL, url);
      };
    };
    alice = await world().person('alice', { init });
    bob = await world().person('bob', { init });
    await alice.signUp();
    await bob.signUp();
    await alice.writeTo('bob.eth');
    photo = withPosition(Buffer.from(await picture(alice, { width: 640, height: 480, quality: 0.7 }), 'base64'));
    assert.ok(photo.includes('Exif'));
    await choose(alice, [{ name: 'beach.jpg', mimeType: 'image/jpeg', buffer: photo }]);
    await attached(alice, 1);
    await alice.screenshot('files-strip');
    await press(alice);
    await gone(alice);
    await alice.log.getByRole('img', { name: 'Picture: beach.jpg' }).waitFor();
    await bob.findRow(/alice\.eth/);
    await bob.chat.getByRole('group', { name: 'Message request' }).waitFor();
    await bob.log.getByText('📎 1 attachment').waitFor();
    assert.equal(await bob.log.locator('img, a').count(), 0);
    assert.equal(await bob.page.evaluate(() => window.made.length), 0);
    await bob.screenshot('files-request');
    await bob.button('Accept').click();
    const image = bob.log.getByRole('img', { name: 'Picture: beach.jpg' });
    await until('it is drawn', async () => (await bytesOf(bob, image, 'src')).loaded);
  });

  test('where a picture was taken is not in what the other side gets', async () => {
    const texts = await bob.page.evaluate(() => Promise.all(window.made.map(({ blob }) => blob.arrayBuffer().then((it) => new TextDecoder('latin1').decode(it)))));
    assert.equal(texts.length, 1);
    assert.ok(texts[0].startsWith('ÿØÿ'), 'it is a JPEG');
    assert.ok(!texts[0].includes('Exif'));
  });

  test('dropped, a text, a PDF and a drawing with a script arrive; the drawing is a file and never runs', async () => {
    const files = [
      { name: 'notes.txt', type: 'text/plain', base64: base64('first line\n<b>second</b>') },
      { name: 'offer.pdf', type: 'application/pdf', base64: base64(PDF) },
      { name: 'drawing.svg', type: 'image/svg+xml', base64: base64(SVG) },
    ];
    await give(alice, 'hold', files);
    await alice.chat.getByText('Drop here to attach').waitFor();
    await alice.screenshot('files-drop');
    await give(alice, 'drop', files);
    await attached(alice, 3);
    await alice.composer.fill('The papers');
    await alice.screenshot('files-strip-three');
    await press(alice);
    await gone(alice);
    await bob.sees('The papers');
    const message = bob.log.locator('[part~="message"]', { hasText: 'The papers' });
    await message.getByText('PDF · ').waitFor();
    assert.equal(await message.locator('pre').innerText(), 'first line\n<b>second</b>');
    const links = message.getByRole('link');
    assert.deepEqual(await links.evaluateAll((all) => all.map((link) => link.download)), ['notes.txt', 'offer.pdf', 'drawing.svg']);
    await message.getByText('SVG drawing · ').waitFor();
    assert.equal(await message.locator('img, svg:not(.icon), iframe, object, embed').count(), 0);
    const [types] = [await bob.page.evaluate(() => window.made.slice(-2).map(({ blob }) => blob.type))];
    assert.deepEqual(types, ['application/octet-stream', 'application/octet-stream']);
    const saving = bob.page.waitForEvent('download');
    await links.nth(2).click();
    assert.equal((await saving).suggestedFilename(), 'drawing.svg');
    for (const person of [alice, bob]) assert.equal(await person.page.evaluate(() => window.ran), undefined);
  });

  test('a pasted picture goes without a word, and is shown larger and closed by keyboard', async () => {
    const pasted = await picture(bob, { width: 300, height: 900, type: 'image/png', flat: true });
    await give(bob, 'paste', [{ name: 'image.png', type: 'image/png', base64: pasted }]);
    await attached(bob, 1);
    await bob.composer.press('Enter');
    await gone(bob);
    const image = alice.log.getByRole('img', { name: 'Picture: image.png' });
    await until('it is drawn', async () => (await bytesOf(alice, image, 'src')).loaded);
    const { width, height } = await boxOf(image);
    assert.deepEqual([Math.round(width), Math.round(height)], [80, 240], 'the box follows from its size');
    await image.click();
    const viewer = alice.chat.getByRole('dialog', { name: 'Picture: image.png' });
    await viewer.waitFor();
    await alice.screenshot('files-viewer');
    await until('the focus is inside', async () => (await viewer.locator('button:focus').count()) === 1);
    await alice.page.keyboard.press('Escape');
    await viewer.waitFor({ state: 'detached' });
    assert.equal(await alice.launcher.getAttribute('aria-expanded'), 'true', 'the chat stays');
    await until('the focus is back', async () => (await alice.log.locator('.picture:focus').count()) === 1);
  });

  test('what is too large is told before, and made smaller if that is wanted', async () => {
    const large = Buffer.from(await picture(alice, { width: 1200, height: 900, noise: true }), 'base64');
    await choose(alice, [{ name: 'large.jpg', mimeType: 'image/jpeg', buffer: large }]);
    await alice.chat.getByText(/^Too large by \d+ KB/).waitFor();
    assert.equal(await alice.button('Send').getAttribute('aria-disabled'), 'true');
    await alice.button(/^Make it smaller \(\d+ KB\)$/).waitFor();
    await alice.screenshot('files-too-large');
    await alice.button(/^Make it smaller/).click();
    await until('it fits', async () => (await alice.chat.getByText(/^Too large by/).count()) === 0);
    await press(alice);
    await gone(alice);
    const image = bob.log.getByRole('img', { name: 'Picture: large.jpg' });
    await until('it is drawn', async () => (await bytesOf(bob, image, 'src')).loaded);
  });

  test('what was not sent waits for who comes back to the conversation', async () => {
    const image = Buffer.from(await picture(alice, { width: 60, height: 40 }), 'base64');
    await choose(alice, [
      { name: 'waits.jpg', mimeType: 'image/jpeg', buffer: image },
      { name: 'waits.txt', mimeType: 'text/plain', buffer: Buffer.from('I wait.') },
    ]);
    await attached(alice, 2);
    await alice.back();
    await alice.openRow(/bob\.eth/);
    await attached(alice, 2);
    assert.ok((await bytesOf(alice, strip(alice).locator('img'), 'src')).loaded, 'the picture can still be seen');
    await press(alice);
    await gone(alice);
    await bob.log.getByText('waits.txt').first().waitFor();
    await alice.back();
    await alice.openRow(/bob\.eth/);
    assert.equal(await strip(alice).count(), 0, 'once sent, it waits no more');
  });

  test('a file that can’t be made smaller is taken off again', async () => {
    await choose(alice, [{ name: 'archive.bin', mimeType: '', buffer: Buffer.alloc(200_000, 1) }]);
    await alice.chat.getByText(/^Too large by \d+ KB/).waitFor();
    assert.equal(await alice.button(/^Make it smaller/).count(), 0);
    await alice.button('Remove archive.bin').click();
    await gone(alice);
    await until('the field has the focus', async () => (await alice.chat.locator('textarea:focus').count()) === 1);
  });

  test('a picture of 30,000 times 30,000 pixels is not drawn', async () => {
    const bomb = Buffer.from('89504e470d0a1a0a0000000d494844520000753000007530080600000000000000', 'hex');
    await choose(alice, [{ name: 'bomb.png', mimeType: 'image/png', buffer: bomb }]);
    await alice.chat.getByText('has too many pixels').waitFor();
    assert.equal(await strip(alice).count(), 0);
  });

  test('after a reload all is there, dark and on a telephone, and what left the screen is let go', async () => {
    await bob.back();
    const left = await bob.page.evaluate(() => window.made.filter(({ url }) => !window.gone.includes(url)).length);
    assert.equal(left, 0);
    await bob.reload();
    await bob.openRow(/alice\.eth/);
    for (const name of ['beach.jpg', 'large.jpg']) {
      const image = bob.log.getByRole('img', { name: `Picture: ${name}` });
      await until('it is drawn', async () => (await bytesOf(bob, image, 'src')).loaded);
    }
    await bob.screenshot('files-light');
    await bob.page.emulateMedia({ colorScheme: 'dark' });
    await bob.screenshot('files-dark');
    await bob.log.evaluate((log) => log.scrollTo(0, -430));
    await bob.screenshot('files-dark-above');
    await bob.page.emulateMedia({ colorScheme: 'light' });
    await bob.screenshot('files-light-above');
    await bob.page.setViewportSize({ width: 390, height: 780 });
    await choose(bob, [{ name: 'a-rather-long-name-of-a-photograph.jpg', mimeType: 'image/jpeg', buffer: photo }]);
    await attached(bob, 1);
    await bob.screenshot('files-phone');
  });

  test('nothing broke the page or its policy', () => {
    for (const person of [alice, bob]) assert.deepEqual(person.faults, []);
  });
});
