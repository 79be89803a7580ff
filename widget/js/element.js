// The element's class. It owns what is visible without the application – launcher, badge, the panel's frame, the
// waiting and the failed state – and forwards everything else to the application's ChatHandle.
import { launcherSheet, loadApp, loadIsolated } from './app-loader.js';
import { findAssetsAt } from './assets.js';
import { button, create, icon, whenIdle } from './dom.js';
import { answered, failure } from './failure.js';
import { keep, kept } from './kept.js';
import { pause, speak, spoken, tell, word } from './languages.js';

/** Attributes the application reads. Each is a property of the same name in camel case. */
const FORWARDED = ['node', 'to', 'rpc-url', 'draft', 'context', 'network', 'receipts', 'lock-contact', 'official', 'mode'];
/** Attributes that are there or not. */
const FLAGS = ['disabled', 'lock-contact', 'official'];
/** These, those that concern the frame, and where the rest is. */
const ATTRIBUTES = [...FORWARDED, 'theme', 'placement', 'label', 'disabled', 'assets-base', 'isolated'];

/** A language that takes longer is spoken later. */
const PATIENCE = 2_000;

// A server has no HTMLElement; importing the class there must not fail.
const Base = globalThis.HTMLElement ?? class {};

/**
 * Wallet-to-wallet, end-to-end encrypted chat over dm3: a launcher with a panel, or a panel in its place.
 *
 * @tagname dm3-chat
 *
 * @attr {string} node - The dm3 node, as `https://node.example`; its `/.well-known/dm3` tells the rest.
 * @attr {string} to - Whom to write to: an ENS name, an address, or whatever else the list's field understands.
 * @attr {'launcher' | 'inline' | 'dialog'} [mode=launcher] - A round button, a panel that fills its place, or a dialog that
 *   the page opens.
 * @attr {boolean} open - Whether the panel is open.
 * @attr {'auto' | 'light' | 'dark'} [theme=auto] - The look.
 * @attr {'end' | 'start'} [placement=end] - The lower corner in which the launcher is.
 * @attr {string} draft - A text to begin with, which the person may change: in the conversation with `to`, or in each without it.
 * @attr {string} context - What conversations that begin here are about, such as the name of what is for sale, an address of the
 *   web or a CAIP-19 id: shown, and sent along with the first message.
 * @attr {string} rpc-url - An Ethereum node to ask in place of the one that the dm3 node names.
 * @attr {string} network - Of a dm3 server without `/.well-known/dm3`: its delivery service's ENS name, its domain of
 *   address names and the chain id, as `ds.dm3.eth addr.dm3.eth 1`.
 * @attr {'off'} receipts - With `off` nobody learns at this page that their messages arrived and were read, whatever the
 *   person has set.
 * @attr {boolean} lock-contact - Whether there is nobody but `to` to write to: no list, and no way to others. Who is not signed in
 *   writes first and signs in then.
 * @attr {boolean} official - Whether it is looked at, and shown, that somebody is the official contact of the page's site: their ENS
 *   name and the site's `/.well-known/dm3-contact.json` both have to say so.
 * @attr {string} label - What the launcher is called, in place of “Open chat”.
 * @attr {boolean} disabled - Whether the launcher and the panel can't be used, and nothing opens.
 * @attr {string} assets-base - The folder in which the element's other files are, where they are not beside the loader. What
 *   the page's first element says counts.
 * @attr {string} isolated - The address of `dm3-chat-frame.html` at another origin, in which the chat runs, out of the reach of
 *   the page's scripts. Read when the chat is loaded.
 * @attr {string} lang - The language that is spoken, as `de` or `de-AT`.
 * @attr {'ltr' | 'rtl'} dir - Where text is not to run as it does in the language.
 *
 * @slot launcher-icon - The picture on the launcher.
 * @slot header-actions - Further buttons in the header.
 * @slot signed-out - Above the choice of wallets.
 * @slot empty - In place of what an empty list says.
 * @slot footer - Below everything in the panel.
 *
 * @csspart launcher - The round button.
 * @csspart badge - How much is unread, on the launcher.
 * @csspart panel - The panel's frame.
 * @csspart base - What the application draws into the panel.
 * @csspart header - The bar on top of a screen.
 * @csspart list - The list of conversations.
 * @csspart log - The messages of a conversation.
 * @csspart message - A message; those of the person themselves are `message-own`, too.
 * @csspart message-own - A message of the person themselves.
 * @csspart composer - Where a message is written.
 * @csspart input - The field in it.
 * @csspart send-button - The button that sends.
 *
 * @cssprop [--dm3-accent] - What can be pressed, and the own messages if nothing else is said for them.
 * @cssprop [--dm3-on-accent] - Text on the accent.
 * @cssprop [--dm3-own] - The own messages.
 * @cssprop [--dm3-on-own] - Text on the own messages.
 * @cssprop [--dm3-bg] - The background.
 * @cssprop [--dm3-surface] - A surface on it.
 * @cssprop [--dm3-surface-2] - A surface that stands out more: messages of others, fields.
 * @cssprop [--dm3-line] - Lines.
 * @cssprop [--dm3-text] - Text.
 * @cssprop [--dm3-text-2] - Text that matters less.
 * @cssprop [--dm3-text-3] - Text that matters least.
 * @cssprop [--dm3-badge=#e11d48] - The badge.
 * @cssprop [--dm3-good] - What went well.
 * @cssprop [--dm3-good-bg] - Behind it.
 * @cssprop [--dm3-warn] - What needs attention.
 * @cssprop [--dm3-warn-bg] - Behind it.
 * @cssprop [--dm3-bad] - What failed.
 * @cssprop [--dm3-bad-bg] - Behind it.
 * @cssprop [--dm3-font] - The font; the system's if nothing is said.
 * @cssprop [--dm3-font-mono] - The font of addresses and codes.
 * @cssprop [--dm3-radius=18px] - The panel's corners.
 * @cssprop [--dm3-bubble-radius=18px] - The messages' corners.
 * @cssprop [--dm3-width=384px] - The panel's width.
 * @cssprop [--dm3-height=640px] - The panel's height.
 * @cssprop [--dm3-offset-block=20px] - How far the launcher is from the lower edge.
 * @cssprop [--dm3-offset-inline=20px] - How far it is from the side.
 * @cssprop [--dm3-z-index=2147483000] - How far in front it is.
 *
 * @cssstate open - The panel can be seen.
 * @cssstate connected - Somebody is signed in.
 * @cssstate unread - Something is unread.
 * @cssstate offline - Somebody is signed in, and their delivery services can't be reached.
 *
 * @fires {CustomEvent<null>} dm3-show - The panel is about to open; cancelable.
 * @fires {CustomEvent<null>} dm3-after-show - It has opened.
 * @fires {CustomEvent<null>} dm3-hide - The panel is about to close; cancelable.
 * @fires {CustomEvent<null>} dm3-after-hide - It has closed.
 * @fires {CustomEvent<{ purpose: 'keys' | 'profile', text: string }>} dm3-before-sign - The wallet is about to be asked for a
 *   signature of this text; cancelable.
 * @fires {CustomEvent<{}>} dm3-ready - The chat can be used: it is known whether somebody is signed in.
 * @fires {CustomEvent<{ account: string }>} dm3-connect - Somebody has signed in.
 * @fires {CustomEvent<{}>} dm3-disconnect - Nobody is signed in any more.
 * @fires {CustomEvent<{ id: string }>} dm3-message-sent - A delivery service has taken a message that somebody wrote, perhaps long
 *   before. Of all tabs of an account the one tells it that is in touch with its delivery services.
 * @fires {CustomEvent<{ peer: string, id: string }>} dm3-message-received - A message came from somebody who is welcome, and is not
 *   muted. In the same tab alone.
 * @fires {CustomEvent<{ peer: string }>} dm3-request - A stranger has written. In the same tab alone.
 * @fires {CustomEvent<{ count: number }>} dm3-unread-change - So much is unread now; in every tab.
 * @fires {CustomEvent<{ code: Dm3ErrorCode, message: string }>} dm3-error - Something failed; the code stays the same from version
 *   to version, the message is for people.
 */
export class Dm3Chat extends Base {
  static observedAttributes = [...ATTRIBUTES, 'open', 'dir'];
  static #connected = new Set();
  static #languages;
  /** Called when the page's first element appears. */
  static onFirst = () => {};

  /** From now on what the page's first element wants is spoken, once its texts are there. */
  static #speak() {
    return speak(Dm3Chat.first, () => {
      for (const chat of Dm3Chat.#connected) {
        chat.#handle?.attribute('lang');
        chat.#showWords();
      }
    });
  }

  /** The element that serves the page's buttons and commands. */
  static get first() {
    return Dm3Chat.#connected.values().next().value;
  }

  #handle;
  #mounting;
  #provider;
  #strings;
  #unread = 0;
  #account;
  #isOffline = false;
  #opener;
  #internals = this.attachInternals();
  #root = this.attachShadow({ mode: 'open' });
  #launcher = create('button', { class: 'launcher', part: 'launcher', type: 'button', 'aria-expanded': 'false' });
  #badge = create('span', { class: 'badge', part: 'badge', hidden: '' });
  #panel = create('div', { class: 'panel', part: 'panel', role: 'dialog', tabindex: '-1' });
  #waiting = create('div', { class: 'waiting' });
  #base = create('div', { class: 'base', part: 'base' });
  #unfit;

  constructor() {
    super();
    const picture = create('slot', { name: 'launcher-icon' });
    picture.append(icon('bubble'));
    this.#launcher.append(picture, icon('down'), this.#badge);
    this.#panel.append(this.#waiting, this.#base);
    this.#root.adoptedStyleSheets = [launcherSheet()];
    // Somebody chose another one in the settings.
    this.#root.addEventListener('language', () => Dm3Chat.#speak());
    for (const name of ['online', 'offline']) this.#root.addEventListener(name, () => this.#showOffline(name === 'offline'));
    // The frame of the isolated mode is listened to no more.
    this.#root.addEventListener('lost', ({ detail }) => {
      if (!this.#handle) return;
      this.#unmount();
      this.#showFailed(detail);
    });
    this.#root.append(this.#launcher, this.#panel);
    this.#launcher.addEventListener('click', () => this.toggle());
    // Who comes near may press it.
    for (const name of ['pointerenter', 'focus']) this.#launcher.addEventListener(name, () => this.disabled || this.#mount(), { once: true });
    this.#panel.addEventListener('click', event => {
      if (event.target.closest('[data-close]')) this.hide();
      if (event.target.closest('[data-reload]')) location.reload();
    });
    this.#panel.addEventListener('keydown', event => {
      // Escape inside an input method's own list belongs to that list: all browsers say so by 229, not all by isComposing.
      if (event.key !== 'Escape' || event.keyCode === 229 || event.defaultPrevented || this.#isInline) return;
      event.stopPropagation();
      this.hide();
    });
    this.addEventListener('dm3-unread-change', event => {
      if (event.target !== this) return;
      this.#showUnread(event.detail.count);
      keep('unread', event.detail.count);
    });
    this.addEventListener('dm3-connect', event => {
      if (event.target === this) this.#showAccount(event.detail.account);
    });
    this.addEventListener('dm3-disconnect', event => {
      if (event.target === this) this.#showAccount(undefined);
    });
  }

  connectedCallback() {
    for (const name of ['provider', 'strings', 'open', ...ATTRIBUTES].map(camelCase)) this.#adoptEarlyProperty(name);
    findAssetsAt(this.assetsBase);
    Dm3Chat.#connected.add(this);
    // Until the application counts.
    if (!this.#handle && kept('signed-in') !== null) this.#showUnread(Number(kept('unread')));
    Dm3Chat.#languages ??= new MutationObserver(() => Dm3Chat.#speak());
    Dm3Chat.#languages.observe(this.getRootNode(), { subtree: true, attributeFilter: ['lang'] });
    this.#showWords();
    this.#showFrame();
    // The chat of somebody who is signed in, which of a frame is not known here; else the launcher's words alone.
    const isUsed = kept('signed-in') !== null || this.hasAttribute('isolated');
    if (!this.#isVisible) whenIdle(() => this.isConnected && (isUsed ? this.#mount() : Dm3Chat.#speak()));
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
    // An element that stood in the page before the class did has its attributes told before it is connected: what is loaded then
    // would be loaded from elsewhere, and in no language.
    if (Dm3Chat.#connected.has(this)) this.#showFrame();
  }

  /**
   * How it stands: not loaded, being loaded, could not be loaded, nobody signed in, somebody signed in and in touch or not.
   * @type {'idle' | 'loading' | 'failed' | 'signed-out' | 'offline' | 'connected'}
   * @readonly
   */
  get state() {
    if (!this.#handle) return this.#mounting ? 'loading' : this.#waiting.classList.contains('failed') ? 'failed' : 'idle';
    if (!this.#account) return 'signed-out';
    return this.#isOffline ? 'offline' : 'connected';
  }

  /** @type {boolean} */
  get open() {
    return this.hasAttribute('open');
  }
  set open(value) {
    this.toggleAttribute('open', Boolean(value));
  }

  /**
   * An EIP-1193 provider to use instead of those that announce themselves (EIP-6963).
   * @type {Eip1193Provider | undefined}
   */
  get provider() {
    return this.#provider;
  }
  set provider(value) {
    this.#provider = value ?? undefined;
    this.#handle?.set_provider(this.#provider);
  }

  /**
   * Texts that are said in place of the element's own, by their ids (widget/texts/en.json); also as `dm3-chat/i18n/de.json` has
   * them, among its `texts`.
   * @type {OwnTexts | { texts: OwnTexts } | undefined}
   */
  get strings() {
    return this.#strings;
  }
  set strings(value) {
    try {
      this.#strings = value && { ...(value.texts ?? value) };
    } catch {
      // What can't be read says nothing.
    }
    if (this.isConnected) Dm3Chat.#speak();
  }

  /**
   * The address that is signed in.
   * @type {string | undefined}
   * @readonly
   */
  get account() {
    return this.#account;
  }

  /**
   * How many messages are unread.
   * @type {number}
   * @readonly
   */
  get unreadCount() {
    return this.#unread;
  }

  /**
   * Opens the panel.
   * @returns {void}
   */
  show() {
    this.#show();
  }

  /**
   * Closes the panel.
   * @returns {void}
   */
  hide() {
    if (this.#isInline || !this.open || !this.#emit('dm3-hide', true)) return;
    const focusWithin = this.#panel.contains(this.#root.activeElement);
    this.open = false;
    if (focusWithin) (this.#opener?.isConnected ? this.#opener : this.#launcher).focus();
    this.#opener = undefined;
    this.#emit('dm3-after-hide');
  }

  /**
   * Opens or closes it.
   * @returns {void}
   */
  toggle() {
    if (this.open) this.hide();
    else this.show();
  }

  /**
   * Opens the conversation with a name or an address. The page can prefill, never send.
   * @param {string} to
   * @param {{ draft?: string, context?: string, opener?: HTMLElement }} options - `draft`: a text to begin
   *   with, this time and in this conversation; `context`: what it is about; `opener`: what gets the focus back.
   * @returns {Promise<void>}
   */
  async openConversation(to, { draft, context, opener } = {}) {
    if (!this.#show(opener)) return;
    (await this.#mount())?.open_conversation(String(to), context?.toString(), draft?.toString());
  }

  /**
   * Starts signing in, with the given provider if there is one. Fails with `not-shown` where the
   * element is `disabled`, or the page has cancelled `dm3-show`, and with `load-failed`.
   * @param {Eip1193Provider} [provider]
   * @returns {Promise<void>}
   */
  async connect(provider) {
    const handle = await this.#seen();
    if (provider) this.provider = provider;
    handle.connect();
  }

  /**
   * Signs out and keeps what is stored, so that the same wallet continues where it was.
   * @returns {Promise<void>}
   */
  async disconnect() {
    (await this.#mount())?.disconnect();
  }

  /**
   * Signs everybody out, in all tabs, and deletes everything that elements of this origin stored in the browser, of every account;
   * done once it is deleted. Fails where that can't be: `load-failed`, `storage`.
   * @returns {Promise<void>}
   */
  async reset() {
    const handle = await this.#loaded();
    return answered((done, failed) => handle.reset(done, failed));
  }

  /**
   * Makes a file with everything of the account, and gives it; the element shows the code that opens it. Fails with
   * `not-shown`, `load-failed`, `signed-out` or `backup-failed`.
   * @returns {Promise<Blob>}
   */
  async exportBackup() {
    const handle = await this.#seen();
    // Who is signed in is known once the start is over.
    return answered((made, failed) => handle.export_backup(made, code => failed(this.#account ? code : 'signed-out')));
  }

  /**
   * Takes such a file, once the person has typed its code. Fails with `not-shown` or `load-failed`.
   * @param {Blob} file
   * @returns {Promise<void>}
   */
  async importBackup(file) {
    const handle = await this.#seen();
    handle.import_backup(new Uint8Array(await file.arrayBuffer()));
  }

  get #isInline() {
    return this.mode === 'inline';
  }

  get #isVisible() {
    return this.#isInline || this.open;
  }

  /** Tells whether it can be seen, and used, then. */
  #show(opener) {
    if (this.disabled || (!this.#isVisible && !this.#emit('dm3-show', true))) return false;
    if (this.#isVisible) return true;
    const active = this.ownerDocument.activeElement;
    this.#opener = opener ?? (active === this || active === this.ownerDocument.body ? undefined : active);
    this.open = true;
    this.#focusPanel();
    this.#emit('dm3-after-show');
    return true;
  }

  /** The handle for what somebody is asked: not behind their back. */
  async #seen() {
    if (!this.#show()) throw failure('not-shown');
    return this.#loaded();
  }

  async #loaded() {
    const handle = await this.#mount();
    if (!handle) throw failure('load-failed');
    return handle;
  }

  #showFrame() {
    const visible = this.#isVisible;
    this.#panel.hidden = !visible;
    this.#panel.setAttribute('role', this.#isInline ? 'region' : 'dialog');
    this.#launcher.hidden = this.#isInline || this.mode === 'dialog';
    this.#launcher.disabled = this.#panel.inert = this.disabled;
    this.#showWords();
    this.#launcher.setAttribute('aria-expanded', this.open);
    this.#setState('open', visible);
    if (visible && !this.#handle) this.#mount();
    this.#handle?.shown(visible);
  }

  #showUnread(count) {
    this.#unread = count;
    this.#badge.hidden = !count;
    this.#badge.textContent = count > 99 ? '99+' : count;
    this.#showWords();
    this.#setState('unread', count > 0);
  }

  #showWords() {
    this.#panel.lang = spoken.locale;
    // The panel itself keeps the place that the page gives it.
    this.#waiting.dir = this.#base.dir = this.dir || spoken.dir;
    this.#panel.setAttribute('aria-label', word('panel'));
    this.#launcher.setAttribute('aria-label', this.open ? word('close') : this.label || word('open'));
    this.#launcher.title = this.label;
    const count = this.#unread;
    this.#launcher.setAttribute('aria-description', count ? (this.#handle?.unread_words(count) ?? count) : '');
  }

  #showOffline(isOffline) {
    this.#isOffline = isOffline;
    this.#setState('offline', isOffline);
  }

  #showAccount(account) {
    if (!account) this.#showOffline(false);
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
    const speaking = Dm3Chat.#speak();
    try {
      const isIsolated = this.hasAttribute('isolated');
      const app = await (isIsolated ? loadIsolated().then(app => app.isolate(this, this.#base)) : loadApp());
      await Promise.race([speaking, pause(PATIENCE)]);
      if (!this.isConnected) return undefined;
      this.#root.adoptedStyleSheets = [launcherSheet(), app.sheet];
      if (!isIsolated) tell(app.ChatHandle);
      this.#handle = new app.ChatHandle(this, this.#base);
      this.#unfit = app.fit(this.#panel, this.#base, wide => this.#handle.wide(wide));
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
    this.#unfit?.();
    this.#handle?.unmount();
    this.#handle?.free();
    this.#handle = undefined;
    // With what listened on it.
    const base = this.#base.cloneNode();
    this.#base.replaceWith(base);
    this.#base = base;
    this.#showUnread(0);
    this.#showAccount(undefined);
  }

  #showWaiting() {
    const rows = ['', '', ''].map(() => create('div', { class: 'waiting-row' }));
    const skeleton = create('div', { class: 'waiting-rows', role: 'status', 'aria-label': word('loading') });
    skeleton.append(...rows);
    this.#waiting.classList.remove('failed');
    this.#waiting.replaceChildren(this.#closeButton(), skeleton);
  }

  #showFailed(error) {
    const words = create('p', { role: 'alert' });
    const changed = error.name === 'OtherVersion';
    words.textContent = word(changed ? 'changed' : 'failed');
    const retry = button(word(changed ? 'reload' : 'retry'), { class: 'retry', ...(changed && { 'data-reload': '' }) });
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
    const close = create('button', { class: 'waiting-close', type: 'button', 'aria-label': word('close-panel'), 'data-close': '' });
    close.append(icon('cross'));
    return close;
  }

  /** Text fields take the focus only where that opens no on-screen keyboard. */
  #focusPanel() {
    const field = name => this.#base.querySelector(`${name} [data-autofocus]`);
    const fine = matchMedia('(pointer: fine)').matches;
    ((fine && (field('.main') ?? field(''))) || this.#panel).focus({ preventScroll: true });
  }

  #emit(name, cancelable = false, detail) {
    return this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, cancelable, detail }));
  }

  #setState(name, on) {
    try {
      this.#internals.states[on ? 'add' : 'delete'](name);
    } catch {
      // Not every browser has states, and Chromium before 125 takes other names only.
    }
  }

  // A property that was set before the class was defined shadows its accessor until it is set again.
  #adoptEarlyProperty(name) {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete this[name];
    this[name] = value;
  }
}

for (const name of ATTRIBUTES) {
  const isFlag = FLAGS.includes(name);
  Object.defineProperty(Dm3Chat.prototype, camelCase(name), {
    configurable: true,
    enumerable: true,
    get() {
      return isFlag ? this.hasAttribute(name) : (this.getAttribute(name) ?? '');
    },
    set(value) {
      if (isFlag) this.toggleAttribute(name, Boolean(value));
      else if (value === null || value === undefined) this.removeAttribute(name);
      else this.setAttribute(name, value);
    },
  });
}

function camelCase(name) {
  return name.replace(/-./g, ([, letter]) => letter.toUpperCase());
}
