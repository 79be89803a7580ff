// The page's end of the isolated mode: the element stays in the page, its application runs in a frame of another origin. To the
// element's class a `Frame` is what `ChatHandle` is without; loaded with the attribute `isolated` alone.
import { fit } from '../fit.js';
import { forget } from '../kept.js';
import { FLOOD, LOOK, LONGEST_VALUE, Meter, PROTOCOL, boundedDetail, boundedStrings, isText } from './channel.js';
import { Relay } from './relay.js';

/** How long the frame's page may take to load, and then to answer, in milliseconds. */
const PATIENCE = { load: 30_000, answer: 10_000 };
/** The longest words for how much is unread. */
const LONGEST_WORDS = 200;

/** Not: to lead the page elsewhere, to open dialogs, to watch the pointer. */
const SANDBOX =
  'allow-scripts allow-same-origin allow-forms allow-downloads allow-popups allow-popups-to-escape-sandbox';

/** What takes the application's place for `host`; what is drawn belongs into `base`. Fails if the frame does not answer. */
export async function isolate(host, base) {
  const frame = new Frame(host, base);
  try {
    await frame.ready;
  } catch (error) {
    frame.unmount();
    throw error;
  }
  // Meanwhile the element may have left the page for good: nobody else would end this.
  const left = setTimeout(() => frame.unmount(), PATIENCE.answer);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('iframe { flex: 1; inline-size: 100%; border: 0; background: var(--_bg) }');
  function ChatHandle() {
    clearTimeout(left);
    frame.settle();
    // The page may have taken it back meanwhile.
    frame.set_provider(host.provider);
    return frame;
  }
  return { ChatHandle, fit, sheet };
}

class Frame {
  #host;
  #iframe = document.createElement('iframe');
  #origin;
  #port;
  #relay;
  #watch;
  #moves;
  #told = '';
  #shown = false;
  #words = '';
  /** What takes the answers to calls, by their numbers. */
  #waiting = new Map();
  #asked = 0;
  #timer;

  constructor(host, base) {
    this.#host = host;
    const address = new URL(host.getAttribute('isolated'), document.baseURI);
    if (!/^https?:$/.test(address.protocol) || address.origin === location.origin) {
      throw new Error('isolated: the frame has to be at another http(s) origin than the page');
    }
    this.#origin = address.origin;
    this.#relay = new Relay(host, message => this.#send(message));
    // The greeting tells of the page's own wallet, and of no others.
    if (host.provider) this.#relay.givePageProvider(host.provider);
    const attributes = {
      sandbox: SANDBOX,
      allow: 'clipboard-write',
      title: base.parentElement.getAttribute('aria-label'),
      hidden: '',
      'data-autofocus': '',
      src: address.href,
    };
    for (const [name, value] of Object.entries(attributes)) this.#iframe.setAttribute(name, value);
    this.ready = new Promise((done, failed) => {
      const give = (words, time) => {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => failed(new Error(`isolated: ${words}`)), time);
      };
      give('the frame was not loaded', PATIENCE.load);
      // Loaded again – it was moved, or reloads itself – it begins again.
      this.#iframe.addEventListener('load', () => {
        give('the frame does not answer: it may not allow this page', PATIENCE.answer);
        this.#greet(done, failed);
      });
    });
    // What fails before anybody waits for it is told to who waits.
    this.ready.catch(() => {});
    const names = [...host.constructor.observedAttributes, 'lang', 'style', 'class'];
    this.#watch = new MutationObserver(() => this.#tell());
    this.#watch.observe(host, { attributeFilter: names });
    // An element that is taken out of the page before it is loaded draws into another base when it is put back: the frame goes
    // there, and is loaded again.
    const panel = base.parentElement;
    this.#moves = new MutationObserver(() => {
      if (!panel.contains(this.#iframe)) panel.querySelector('[part~="base"]').append(this.#iframe);
    });
    this.#moves.observe(panel, { childList: true });
    base.replaceChildren(this.#iframe);
  }

  /** It is where it stays. */
  settle() {
    this.#moves.disconnect();
  }

  /** Only a page of the frame's origin gets the port, and only one end can be lost: what comes later needs no origin. */
  #greet(done, failed) {
    this.#giveUp();
    const { port1, port2 } = new MessageChannel();
    this.#port?.close();
    this.#port = port1;
    const flood = new Meter(...FLOOD);
    port1.onmessage = ({ data }) => {
      if (!flood.allows()) {
        port1.close();
        const error = new Error('isolated: the frame floods the page');
        failed(error);
        // Who waits for the frame no more is told, too: it can be loaded again.
        this.#host.shadowRoot.dispatchEvent(new CustomEvent('lost', { detail: error }));
        return;
      }
      if (data?.type === 'ready') {
        clearTimeout(this.#timer);
        this.#iframe.hidden = false;
        done();
      } else if (data?.type === 'refused') {
        failed(new Error('isolated: the frame does not allow this page'));
      } else if (this.#host.isConnected) {
        this.#hear(data);
      }
    };
    const greeting = { dm3Chat: PROTOCOL, ...this.#state(), wallets: this.#relay.list(), shown: this.#shown };
    this.#iframe.contentWindow.postMessage(greeting, this.#origin, [port2]);
  }

  #send(message, transfer) {
    this.#port?.postMessage(message, transfer);
  }

  #hear(data) {
    switch (data?.type) {
      case 'event': {
        const detail = boundedDetail(data.name, data.detail);
        if (isText(data.words, LONGEST_WORDS)) this.#words = data.words;
        if (detail) this.#emit(`dm3-${data.name}`, detail);
        return undefined;
      }
      case 'online':
      case 'offline':
        return this.#host.shadowRoot.dispatchEvent(new Event(data.type));
      case 'hide':
        return this.#host.hide();
      case 'done': {
        const answered = this.#waiting.get(data.id);
        this.#waiting.delete(data.id);
        return answered?.(data);
      }
      default:
        return this.#relay.hear(data);
    }
  }

  #emit(name, detail) {
    this.#host.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }));
  }

  /** What the page says of the element. */
  #state() {
    const host = this.#host;
    const styles = getComputedStyle(host);
    const names = [...host.constructor.observedAttributes, 'lang'];
    const value = name => host.getAttribute(name)?.slice(0, LONGEST_VALUE) ?? null;
    return {
      attributes: Object.fromEntries(names.map(name => [name, value(name)])),
      look: Object.fromEntries(LOOK.map(name => [name, styles.getPropertyValue(name).trim()])),
      language: host.closest('[lang]')?.lang ?? '',
      strings: boundedStrings(host.strings),
    };
  }

  #tell() {
    const state = this.#state();
    const told = JSON.stringify(state);
    if (told === this.#told) return;
    this.#told = told;
    this.#send({ type: 'set', ...state });
  }

  #call(name, argument, context, draft) {
    // What the page set just before comes first.
    this.#tell();
    this.#send({ type: 'call', name, argument, context, draft });
  }

  /** A call of which it is told whether it worked: `done` with the file that came of it, `failed` with a code. */
  #callFor(name, done, failed) {
    const id = (this.#asked += 1);
    this.#waiting.set(id, ({ file, error }) => {
      if (error === undefined) done(file);
      else failed(isText(error, LONGEST_WORDS) ? error : 'load-failed');
    });
    this.#call(name, id);
  }

  /** The frame that was asked answers no more. */
  #giveUp() {
    for (const answered of this.#waiting.values()) answered({ error: 'load-failed' });
    this.#waiting.clear();
  }

  // ── what the element's class calls ──

  attribute() {
    this.#tell();
  }
  set_provider(provider) {
    this.#relay.givePageProvider(provider);
  }
  open_conversation(to, context, draft) {
    this.#call('openConversation', to, context, draft);
  }
  connect() {
    this.#relay.allowPrompts();
    this.#call('connect');
  }
  disconnect() {
    this.#call('disconnect');
  }
  reset(done, failed) {
    const erased = () => {
      forget('unread');
      done();
    };
    this.#callFor('reset', erased, failed);
  }
  export_backup(made, failed) {
    this.#callFor('exportBackup', file => (file instanceof Blob ? made(file) : failed('backup-failed')), failed);
  }
  import_backup(bytes) {
    this.#call('importBackup', new Blob([bytes]));
  }
  shown(shown) {
    this.#shown = shown;
    this.#tell();
    this.#send({ type: 'shown', shown });
  }
  unread_words() {
    return this.#words;
  }
  /** The frame knows how wide it is. */
  wide() {}
  unmount() {
    clearTimeout(this.#timer);
    this.#watch.disconnect();
    this.settle();
    this.#relay.end();
    this.#port?.close();
    this.#port = undefined;
    this.#iframe.remove();
    this.#giveUp();
  }
  free() {}
}
