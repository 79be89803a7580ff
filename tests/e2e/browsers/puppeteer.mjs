// A page by Puppeteer, as `index.mjs` wants it. Puppeteer 25 wants Node 22; 24 drives the same browsers on Node 20.
import puppeteer from 'puppeteer-core';
import { find } from './find.mjs';

/** Starts a browser with one page. Beside what every adapter can do: `back()`, and `tab()`, another page of the same browser. */
export async function openBy(options) {
  const browser = await puppeteer.launch(options);
  return { ...(await tabOf(browser)), close: () => browser.close() };
}

async function tabOf(browser) {
  const page = await browser.newPage();
  // Puppeteer asks for the orientation of the screen, too, which Firefox 140 does not know; the size is set all the same.
  await page.setViewport({ width: 1180, height: 800 }).catch((error) => {
    if (!error.message.includes('setScreenOrientationOverride')) throw error;
  });
  return {
    goto: (url) => page.goto(url),
    reload: () => page.reload(),
    back: () => page.goBack(),
    evaluate: (run, argument) => page.evaluate(run, argument),
    find: async (wanted) => (await page.evaluateHandle(find, wanted)).asElement(),
    click: (element) => element.click(),
    type: (element, text) => element.type(text),
    enter: (element) => element.press('Enter'),
    read: (element) => element.evaluate(({ innerText }) => innerText),
    screenshot: (path) => page.screenshot({ path }),
    tab: () => tabOf(browser),
    close: () => page.close(),
  };
}
