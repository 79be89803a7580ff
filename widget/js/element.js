// The element's class. It owns what is visible without the application – launcher, badge, the panel's frame, the
// waiting and the failed state – and forwards everything else to the application's ChatHandle.
import { launcherSheet, loadApp } from './app-loader.js';
import { button, create, icon } from './dom.js';
import { OtherVersion } from './modules.js';

/** Attributes the application reads. Each is a property of the same name in camel case. */
const FORWARDED = ['node', 'to', 'rpc-url', 'draft'];
/** Attributes that concern the frame alone. */
const FRAME = ['mode', 'theme', 'placement'];

const TEXT = {
  open: 'Open chat',
  close: 'Close chat',
  panel: 'Chat',
  closePanel: 'Close',
  loading: 'Loading the chat',
  failed: 'The chat could not be loaded. Check your connection, then try again.',
  retry: 'Try again',
  changed: 'A newer version of the chat is on the server. Reload the page to go on.',
  reload: 'Reload',
};

// A server has no HTMLElement; importing the class there must not fail.
const Base = globalThis.HTMLElement ?? class {};

export class Dm3Chat extends Base {
  static observedAttributes = [...FORWARDED, ...FRAME, 'open'];
  static #connected = new Set();
  /** Called when the page's first element appears. */
  static onFirst = () => {};

  /** The element that serves the page's buttons and commands. */
  static get first() {
    return Dm3Chat.#connected.values().next().value;
  }

  #handle;
  #mounting;
  #provider;
  #unread = 0;
  #account;
  #opener;
  #internals = this.attachInternals();
  #root = this.attachShadow({ mode: 'open' });
  #launcher = create('button', { class: 'launcher', part: 'launcher', type: 'button', 'aria-expanded': 'false' });
  #badge = create('span', { class: 'badge', part: 'badge', hidden: '' });
  #panel = create('div', { class: 'panel', part: 'panel', role: 'dialog', 'aria-label': TEXT.panel, tabindex: '-1' });
  #waiting = create('div', { class: 'waiting' });
  #base = create('div', { class: 'base', part: 'base' });

  constructor() {
    super();
    const picture = create('slot', { name: 'launcher-icon' });
    picture.append(icon('bubble'));
    this.#launcher.append(picture, icon('down'), this.#badge);
    this.#panel.append(this.#waiting, this.#base);
    this.#root.adoptedStyleSheets = [launcherSheet()];
    this.#root.append(this.#launcher, this.#panel);
    this.#launcher.addEventListener('click', () => this.toggle());
    this.#panel.addEventListener('click', event => {
      if (event.target.closest('[data-close]')) this.hide();
      if (event.target.closest('[data-reload]')) location.reload();
    });
    this.#panel.addEventListener('keydown', event => {
      // Escape inside an input method's own list belongs to that list.
      if (event.key !== 'Escape' || event.isComposing || event.defaultPrevented || this.#isInline) return;
      event.stopPropagation();
      this.hide();
    });
    this.addEventListener('dm3-unread-change', event => {
      if (event.target === this) this.#showUnread(event.detail.count);
    });
    this.addEventListener('dm3-connect', event => {
      if (event.target === this) this.#showAccount(event.detail.account);
    });
    this.addEventListener('dm3-disconnect', event => {
      if (event.target === this) this.#showAccount(undefined);
    });
  }

  connectedCallback() {
    for (const name of ['provider', 'open', ...FORWARDED, ...FRAME].map(camelCase)) this.#adoptEarlyProperty(name);
    Dm3Chat.#connected.add(this);
    this.#showFrame();
    if (!this.#isVisible) whenIdle(() => this.isConnected && this.#mount());
    if (Dm3Chat.first === this) Dm3Chat.onFirst();
  }

  // A move within the page is a disconnection followed at once by a connection: its conversation must survive.
  disconnectedCallback() {
    queueMicrotask(() => {
      if (this.isConnected) return;
      Dm3Chat.#connected.delete(this);
      this.#unmount();
    });
  }

  // Present so that moveBefore() does not disconnect at all.
  connectedMoveCallback() {}

  attributeChangedCallback(name, old, value) {
    if (old === value) return;
    if (FORWARDED.includes(name)) this.#handle?.attribute(name, value ?? undefined);
    else if (this.isConnected) this.#showFrame();
  }

  get open() {
    return this.hasAttribute('open');
  }
  set open(value) {
    this.toggleAttribute('open', Boolean(value));
  }

  /** An EIP-1193 provider to use instead of those that announce themselves (EIP-6963). */
  get provider() {
    return this.#provider;
  }
  set provider(value) {
    this.#provider = value ?? undefined;
    this.#handle?.set_provider(this.#provider);
  }

  /** The address that is signed in. */
  get account() {
    return this.#account;
  }

  get unreadCount() {
    return this.#unread;
  }

  show() {
    this.#show();
  }

  hide() {
    if (this.#isInline || !this.open || !this.#emit('dm3-hide', true)) return;
    const focusWithin = this.#panel.contains(this.#root.activeElement);
    this.open = false;
    if (focusWithin) (this.#opener?.isConnected ? this.#opener : this.#launcher).focus();
    this.#opener = undefined;
    this.#emit('dm3-after-hide');
  }

  toggle() {
    if (this.open) this.hide();
    else this.show();
  }

  /** Opens the conversation with a name or an address. The page can prefill, never send. */
  async openConversation(to, { draft, opener } = {}) {
    if (draft !== undefined) this.setAttribute('draft', draft);
    this.#show(opener);
    (await this.#mount())?.open_conversation(String(to));
  }

  /** Starts signing in, with the given provider if there is one. */
  async connect(provider) {
    if (provider) this.provider = provider;
    this.#show();
    (await this.#mount())?.connect();
  }

  /** Signs out and keeps what is stored, so that the same wallet continues where it was. */
  async disconnect() {
    (await this.#mount())?.disconnect();
  }

  /** Signs out and deletes everything this element stored in the browser. */
  async reset() {
    (await this.#mount())?.reset();
  }

  /** Makes a file with everything of the account, and gives it; the element shows the code that opens it. */
  async exportBackup() {
    this.#show();
    const handle = await this.#mount();
    if (!handle || !this.#account) throw new Error('signed-out');
    return new Promise((made, failed) => handle.export_backup(made, failed));
  }

  /** Takes such a file (a Blob), once the person has typed its code. */
  async importBackup(file) {
    this.#show();
    const bytes = new Uint8Array(await file.arrayBuffer());
    (await this.#mount())?.import_backup(bytes);
  }

  get #isInline() {
    return this.getAttribute('mode') === 'inline';
  }

  get #isVisible() {
    return this.#isInline || this.open;
  }

  #show(opener) {
    if (this.#isInline || this.open || !this.#emit('dm3-show', true)) return;
    const active = this.ownerDocument.activeElement;
    this.#opener = opener ?? (active === this || active === this.ownerDocument.body ? undefined : active);
    this.open = true;
    this.#focusPanel();
    this.#emit('dm3-after-show');
  }

  #showFrame() {
    const visible = this.#isVisible;
    this.#panel.hidden = !visible;
    this.#panel.setAttribute('role', this.#isInline ? 'region' : 'dialog');
    this.#launcher.hidden = this.#isInline || this.getAttribute('mode') === 'dialog';
    this.#launcher.setAttribute('aria-label', this.open ? TEXT.close : TEXT.open);
    this.#launcher.setAttribute('aria-expanded', String(this.open));
    this.#setState('open', visible);
    if (visible && !this.#handle) this.#mount();
    this.#handle?.shown(visible);
  }

  #showUnread(count) {
    this.#unread = count;
    this.#badge.hidden = !count;
    this.#badge.textContent = count > 99 ? '99+' : String(count);
    if (count) this.#launcher.setAttribute('aria-description', count === 1 ? '1 unread message' : `${count} unread messages`);
    else this.#launcher.removeAttribute('aria-description');
    this.#setState('unread', count > 0);
  }

  #showAccount(account) {
    this.#account = account;
    this.#setState('connected', account !== undefined);
  }

  /** The application's handle, mounted if needed; nothing when it cannot be loaded or the element left the page. */
  async #mount() {
    if (this.#handle) return this.#handle;
    this.#mounting ??= this.#loadAndMount().finally(() => (this.#mounting = undefined));
    return this.#mounting;
  }

  async #loadAndMount() {
    this.#showWaiting();
    try {
      const app = await loadApp();
      if (!this.isConnected) return undefined;
      this.#root.adoptedStyleSheets = [launcherSheet(), app.sheet];
      this.#handle = new app.ChatHandle(this, this.#base);
    } catch (error) {
      if (this.isConnected) this.#showFailed(error);
      return undefined;
    }
    const focusWithin = this.#panel.contains(this.#root.activeElement);
    this.#waiting.replaceChildren();
    if (this.#provider) this.#handle.set_provider(this.#provider);
    this.#handle.shown(this.#isVisible);
    if (focusWithin) this.#focusPanel();
    return this.#handle;
  }

  #unmount() {
    this.#handle?.unmount();
    this.#handle?.free();
    this.#handle = undefined;
    this.#base.replaceChildren();
    this.#showUnread(0);
    this.#showAccount(undefined);
  }

  #showWaiting() {
    const rows = ['', '', ''].map(() => create('div', { class: 'waiting-row' }));
    const skeleton = create('div', { class: 'waiting-rows', role: 'status', 'aria-label': TEXT.loading });
    skeleton.append(...rows);
    this.#waiting.classList.remove('failed');
    this.#waiting.replaceChildren(this.#closeButton(), skeleton);
  }

  #showFailed(error) {
    const words = create('p', { role: 'alert' });
    const changed = error instanceof OtherVersion;
    words.textContent = changed ? TEXT.changed : TEXT.failed;
    const retry = changed
      ? button(TEXT.reload, { class: 'retry', 'data-reload': '' })
      : button(TEXT.retry, { class: 'retry' });
    if (!changed) {
      retry.addEventListener('click', () => {
        this.#mount();
        this.#focusPanel();
      });
    }
    console.error('dm3-chat:', error);
    this.#waiting.classList.add('failed');
    this.#waiting.replaceChildren(this.#closeButton(), words, retry);
    this.#emit('dm3-error', false, { code: 'load-failed', message: String(error?.message ?? error) });
  }

  #closeButton() {
    const close = create('button', { class: 'waiting-close', type: 'button', 'aria-label': TEXT.closePanel, 'data-close': '' });
    close.append(icon('cross'));
    return close;
  }

  /** Text fields take the focus only where that opens no on-screen keyboard. */
  #focusPanel() {
    const field = matchMedia('(pointer: fine)').matches && this.#base.querySelector('[data-autofocus]');
    (field || this.#panel).focus({ preventScroll: true });
  }

  #emit(name, cancelable = false, detail = undefined) {
    return this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, cancelable, detail }));
  }

  #setState(name, on) {
    this.#internals.states?.[on ? 'add' : 'delete'](name);
  }

  // A property that was set before the class was defined shadows its accessor until it is set again.
  #adoptEarlyProperty(name) {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete this[name];
    this[name] = value;
  }
}

for (const name of [...FORWARDED, ...FRAME]) {
  Object.defineProperty(Dm3Chat.prototype, camelCase(name), {
    configurable: true,
    enumerable: true,
    get() {
      return this.getAttribute(name) ?? '';
    },
    set(value) {
      if (value === null || value === undefined) this.removeAttribute(name);
      else this.setAttribute(name, value);
    },
  });
}

function camelCase(name) {
  return name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
}

// The badge needs the application, the page's own start comes first.
function whenIdle(task) {
  const idle = () => (globalThis.requestIdleCallback ?? setTimeout)(task);
  if (document.readyState === 'complete') idle();
  else addEventListener('load', idle, { once: true });
}
