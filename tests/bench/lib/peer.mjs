// A chat component from npm beside the element, in the same browser: deep-chat, which keeps all messages in the page.
import { build } from 'esbuild';

/** Gives it so many messages, goes through them and types. */
export async function openPeer(browser, init, { messages, step, letters, heapOf }) {
  const stdin = { contents: "import 'deep-chat';", resolveDir: import.meta.dirname };
  const { outputFiles } = await build({ stdin, bundle: true, write: false, format: 'iife', minify: true, logLevel: 'error' });
  const context = await browser.newContext({ viewport: { width: 1180, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(180_000);
  await page.setContent('<!doctype html><body></body>');
  await page.evaluate(init);
  await page.addScriptTag({ content: outputFiles[0].text });
  const opening = [];
  // The first round warms up what all use.
  for (const count of [100, messages]) {
    const drawn = await page.evaluate(async (count) => {
      document.querySelector('deep-chat')?.remove();
      const history = Array.from({ length: count }, (_, number) => ({
        role: number % 3 === 0 ? 'user' : 'ai',
        text: `Message ${number}: what one writes to somebody else about this and that, a line or so.`,
      }));
      const begun = performance.now();
      const chat = document.createElement('deep-chat');
      Object.assign(chat.style, { width: '1100px', height: '700px' });
      chat.demo = true;
      chat.history = history;
      document.body.append(chat);
      const drawn = () => chat.shadowRoot?.querySelectorAll('#messages .message-bubble').length ?? 0;
      while (drawn() < count) await new Promise((next) => requestAnimationFrame(next));
      await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
      return performance.now() - begun;
    }, count);
    if (count === messages) opening.push(drawn);
  }
  await page.waitForTimeout(1_000);
  const before = await heapOf(page);
  const through = (step) =>
    page.evaluate((step) => {
      const root = document.querySelector('deep-chat').shadowRoot;
      return window.bench.through(root.querySelector('#messages'), root, step);
    }, step);
  const up = await through(-step);
  const heap = (await heapOf(page)) - before;
  const down = await through(step);
  const typing = await page.evaluate((count) => window.bench.type(document.querySelector('deep-chat').shadowRoot.querySelector('#text-input'), count), letters);
  const sending = [];
  for (let round = 0; round < 5; round += 1) {
    const shown = await page.evaluate(async (text) => {
      const chat = document.querySelector('deep-chat');
      const begun = performance.now();
      chat.submitUserMessage({ text });
      const last = () => [...chat.shadowRoot.querySelectorAll('#messages .message-bubble')].slice(-3).some((it) => it.textContent.includes(text));
      while (!last()) await new Promise((next) => setTimeout(next, 1));
      return performance.now() - begun;
    }, `Sent ${round}`);
    sending.push(shown);
    await page.waitForTimeout(1_500);
  }
  await context.close();
  return { name: 'deep-chat', messages, opening, up, down, heap, typing, sending };
}
