// Firefox by Puppeteer over WebDriver BiDi.
import { openBy } from './puppeteer.mjs';

/** Starts the browser with one page; see `index.mjs` for what a page can do. */
export const open = () => openBy({ browser: 'firefox', executablePath: '/usr/bin/firefox-esr' });
