// Firefox by Puppeteer over WebDriver BiDi. Puppeteer 25 wants Node 22; 24 drives the same browser on Node 20.
import puppeteer from 'puppeteer-core';
import { find } from './find.mjs';

/** Starts the browser with one page; see `index.mjs` for what a page can do. */
export async function open() {
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath: '/usr/bin/firefox-esr' });
  const page = await browser.newPage();
  // Puppeteer asks for the orientation of the screen, too, which Firefox 140 does not know; the size is set all the same.
  await page.setViewport({ width: 1180, height: 800 }).catch((error) => {
    if (!error.message.includes('setScreenOrientationOverride')) throw error;
  });
  return {
    goto: (url) => page.goto(url),
    reload: () => page.reload(),
    evaluate: (run, argument) => page.evaluate(run, argument),
    find: async (wanted) => (await page.evaluateHandle(find, wanted)).asElement(),
    click: (element) => element.click(),
    type: (element, text) => element.type(text),
    enter: (element) => element.press('Enter'),
    read: (element) => element.evaluate(({ innerText }) => innerText),
    screenshot: (path) => page.screenshot({ path }),
    close: () => browser.close(),
  };
}
