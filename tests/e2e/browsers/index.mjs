// The browsers that the core of the end-to-end tests runs in, and a person who uses any of them.
//
// An adapter's `open()` starts its browser and gives a page:
//
//   goto(url), reload()
//   evaluate(run, argument)   what the function gives in the page, as JSON
//   find({role, name})        the element that find.mjs finds, or null
//   click(element), type(element, text), enter(element)   as with a pointer and a keyboard
//   read(element)             the text that is seen in it
//   screenshot(path)
//   close()                   ends everything that was started

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OUTPUT, until } from '../support.mjs';
import * as chromium from './chromium.mjs';
import * as firefox from './firefox.mjs';
import * as webkit from './webkit.mjs';

export const BROWSERS = { Chromium: chromium, Firefox: firefox, WebKitGTK: webkit };

/** Somebody at a page with the element: finds things by what is written on them. */
export class Visitor {
  #page;

  constructor(page) {
    this.#page = page;
  }

  goto(url) {
    return this.#page.goto(url);
  }

  reload() {
    return this.#page.reload();
  }

  evaluate(run, argument) {
    return this.#page.evaluate(run, argument);
  }

  /** Waits until something with this role and name is there. */
  sees(role, name) {
    return until(`a ${role} ${JSON.stringify(name)}`, async () => Boolean(await this.#page.find({ role, name })));
  }

  /** Does something with an element as soon as it is there; what is drawn anew meanwhile is looked for again. */
  async #act(role, name, action) {
    await until(`a ${role} ${JSON.stringify(name)} to use`, async () => {
      const element = await this.#page.find({ role, name });
      if (!element) return false;
      await action(element);
      return true;
    });
  }

  press(name) {
    return this.#act('button', name, (element) => this.#page.click(element));
  }

  /** Types into a field. */
  type(name, text) {
    return this.#act('textbox', name, (element) => this.#page.type(element, text));
  }

  /** Types into a field, then presses Enter. */
  async enter(name, text) {
    await this.type(name, text);
    await this.#act('textbox', name, (element) => this.#page.enter(element));
  }

  /** What is written in the element with this role. */
  async text(role) {
    const element = await this.#page.find({ role });
    return element ? this.#page.read(element) : '';
  }

  /** Waits until the open conversation shows `text`. */
  reads(text) {
    return until(`"${text}" in the conversation`, async () => (await this.text('log')).includes(text));
  }

  async screenshot(name) {
    await mkdir(OUTPUT, { recursive: true });
    await this.#page.screenshot(join(OUTPUT, `${name}.png`));
  }

  /** What broke the policy or was not caught since this was asked last. */
  takeFaults() {
    return this.#page.evaluate(() => window.dm3TakeFaults());
  }
}
