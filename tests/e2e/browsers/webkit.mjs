// WebKitGTK's MiniBrowser by its own WebDriver, on a screen in memory. What the tests need of WebDriver is half a
// dozen JSON requests (https://www.w3.org/TR/webdriver2), so no client library is brought in for it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startProcess, waitFor } from '../../localnet/process.mjs';
import { find } from './find.mjs';

/** The member under which WebDriver refers to an element. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
/** The code that WebDriver has for the Enter key. */
const ENTER = '\uE007';

/** An X server on a display that it chooses itself. */
async function startScreen() {
  let display;
  const screen = startProcess('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
    onLine: (line) => /^\d+$/.test(line) && (display = `:${line}`),
  });
  try {
    await waitFor('Xvfb', () => display);
  } catch (error) {
    await screen.stop();
    throw error;
  }
  return { display, stop: screen.stop };
}

async function request(url, method, body) {
  const response = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`WebDriver: ${value.error}: ${value.message}`);
  return value;
}

/** Starts the browser with one page; see `index.mjs` for what a page can do. */
export async function open() {
  const closing = [];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const home = await mkdtemp(join(tmpdir(), 'dm3-webkit-'));
    closing.push(() => rm(home, { recursive: true, force: true }));
    const screen = await startScreen();
    closing.push(screen.stop);
    const port = await freePort();
    const env = { ...process.env, DISPLAY: screen.display, HOME: home, XDG_RUNTIME_DIR: home };
    const driver = startProcess('WebKitWebDriver', [`--port=${port}`], { env });
    closing.push(driver.stop);
    const url = `http://127.0.0.1:${port}`;
    await waitFor('WebKitWebDriver', async () => (await request(`${url}/status`, 'GET')).ready);
    const { sessionId } = await request(`${url}/session`, 'POST', {
      capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': { args: ['--automation'] } } },
    });
    const session = `${url}/session/${sessionId}`;
    closing.push(() => request(session, 'DELETE'));
    await request(`${session}/timeouts`, 'POST', { script: 30_000, pageLoad: 60_000 });

    const execute = (run, args) =>
      request(`${session}/execute/sync`, 'POST', { script: `return (${run})(...arguments)`, args });
    const onElement = (element, action, body = {}) =>
      request(`${session}/element/${element[ELEMENT]}/${action}`, 'POST', body);
    return {
      goto: (url) => request(`${session}/url`, 'POST', { url }),
      reload: () => request(`${session}/refresh`, 'POST', {}),
      evaluate: (run, argument) => execute(run, [argument ?? null]),
      find: (wanted) => execute(find, [wanted]),
      click: (element) => onElement(element, 'click'),
      type: (element, text) => onElement(element, 'value', { text }),
      enter: (element) => onElement(element, 'value', { text: ENTER }),
      read: (element) => execute(({ innerText }) => innerText, [element]),
      screenshot: async (path) => writeFile(path, await request(`${session}/screenshot`, 'GET'), 'base64'),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
