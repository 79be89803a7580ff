// Chromium by Playwright.
import { chromium } from 'playwright-core';
import { BROWSER_ARGS } from '../support.mjs';
import { find } from './find.mjs';

/** Starts the browser with one page; see `index.mjs` for what a page can do. */
export async function open() {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: BROWSER_ARGS });
  const page = await browser.newPage();
  return {
    goto: (url) => page.goto(url),
    reload: () => page.reload(),
    evaluate: (run, argument) => page.evaluate(run, argument),
    find: async (wanted) => (await page.evaluateHandle(find, wanted)).asElement(),
    click: (element) => element.click({ timeout: 5_000 }),
    async type(element, text) {
      await element.focus();
      await page.keyboard.type(text);
    },
    enter: (element) => element.press('Enter'),
    read: (element) => element.innerText(),
    screenshot: (path) => page.screenshot({ path }),
    close: () => browser.close(),
  };
}
