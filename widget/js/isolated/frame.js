// The frame's end of the isolated mode: the script of the page at the other origin. It talks to one page, of an origin that this
// page's operator has listed, and loads the element only then.
import { EVENTS, FLOOD, LONGEST_VALUE, LOOK, Meter, PROTOCOL, boundedStrings, isText } from './channel.js';
import { FrameWallets, refusal } from './wallets.js';

/** Attributes that are the frame's own, or that say where code comes from: the page has no say in them. */
const OWN = ['open', 'placement', 'isolated', 'mode', 'label', 'assets-base'];
/** No request to the page takes longer for lack of an answer: milliseconds. A person may think for a while. */
const PATIENCE = 10 * 60_000;
/** The longest value of a variable of the look. */
const LONGEST_LOOK = 300;
/** A backup that is larger is none. */
const LARGEST_FILE = 256 * 1024 * 1024;
/** So many events are told at once, and the others after a while, in milliseconds: many messages may come together, and the page
 * listens no more to whoever floods it. */
const EVENTS_AT_ONCE = [100, 2_000];
/** How often the page is told that the person did something, at most: milliseconds. */
const ACTS = 500;

const embedders = (document.querySelector('meta[name="dm3-chat-embedders"]')?.content ?? '').split(/\s+/).filter(Boolean);

if (parent !== window) {
  addEventListener('message', function greeted({ source, origin, data, ports: [port] }) {
    if (source !== parent || data?.dm3Chat === undefined || !port) return;
    if (!embedders.includes(origin) || data.dm3Chat !== PROTOCOL) return port.postMessage({ type: 'refused' });
    removeEventListener('message', greeted);
    return new Talk(port).begin(data, origin);
  });
}

class Talk {
  #port;
  #chat;
  /** What the operator has set in this page stays as it is. */
  #fixed;
  #names;
  #questions = new Map();
  #asked = 0;
  #isFollowing = false;
  #events = [];
  #pace = new Meter(...EVENTS_AT_ONCE);
  #later;
  #wallets = new FrameWallets(
    question => this.#ask({ type: 'ask', ...question }),
    ({ purpose, text }) => this.#ask({ type: 'agree', purpose, text }),
  );

  constructor(port) {
    this.#port = port;
  }

  async begin(greeting, embedder) {
    const { Dm3Chat } = await import('./dm3-chat.js').catch(error => {
      this.#send({ type: 'refused' });
      throw error;
    });
    const { content } = document.querySelector('template');
    this.#chat = document.importNode(content, true).querySelector('dm3-chat');
    this.#fixed = this.#chat.getAttributeNames();
    // As the browser says: whose contacts are official there (widget/src/adapters/page.rs).
    this.#chat.embedder = embedder;
    this.#names = [...Dm3Chat.observedAttributes, 'lang'].filter(name => !OWN.includes(name) && !this.#fixed.includes(name));
    // Inline nobody can close it; else it is closed by the button in it, and the page's panel with it.
    this.#chat.setAttribute('mode', greeting.attributes?.mode === 'inline' ? 'inline' : 'dialog');
    this.#wallets.onPage = provider => {
      if (this.#chat.provider !== provider) this.#chat.provider = provider;
    };
    this.#set(greeting);
    this.#wallets.set(greeting.wallets);
    this.#listen();
    document.body.append(this.#chat);
    this.#show(greeting.shown);
    const flood = new Meter(...FLOOD);
    this.#port.onmessage = ({ data }) => (flood.allows() ? this.#hear(data) : this.#port.close());
    this.#send({ type: 'ready' });
  }

  #send(message) {
    this.#port.postMessage(message);
  }

  /** Tells the page what it may know, and what the person does. */
  #listen() {
    const chat = this.#chat;
    const launcher = chat.shadowRoot.querySelector('[part~="launcher"]');
    for (const [name, fields] of Object.entries(EVENTS)) {
      chat.addEventListener(`dm3-${name}`, ({ target, detail }) => {
        if (target !== chat) return;
        const told = Object.fromEntries(fields.map(field => [field, detail?.[field]]));
        // To the application it is the wallet that refused.
        if (told.code === 'signature-refused' && this.#wallets.isForbidden) told.code = 'signature';
        // Of counts the last is enough.
        if (name === 'unread-change') this.#events = this.#events.filter(event => event.name !== name);
        this.#events.push({ type: 'event', name, detail: told, words: launcher.getAttribute('aria-description') ?? '' });
        this.#tellEvents();
      });
    }
    for (const name of ['online', 'offline']) chat.shadowRoot.addEventListener(name, () => this.#send({ type: name }));
    chat.addEventListener('dm3-before-sign', ({ detail }) => this.#wallets.announceSign(detail));
    chat.addEventListener('dm3-hide', event => {
      if (this.#isFollowing) return;
      event.preventDefault();
      this.#send({ type: 'hide' });
    });
    let told = -Infinity;
    for (const act of ['pointerup', 'keydown']) {
      addEventListener(
        act,
        ({ isTrusted }) => {
          if (!isTrusted) return;
          this.#wallets.act();
          if (performance.now() - told < ACTS) return;
          told = performance.now();
          this.#send({ type: 'act' });
        },
        { capture: true },
      );
    }
  }

  #tellEvents() {
    while (this.#events.length && this.#pace.allows()) this.#send(this.#events.shift());
    if (!this.#events.length) return;
    this.#later ??= setTimeout(() => {
      this.#later = undefined;
      this.#tellEvents();
    }, EVENTS_AT_ONCE[1]);
  }

  #hear(data) {
    switch (data?.type) {
      case 'set':
        return this.#set(data);
      case 'shown':
        return this.#show(data.shown);
      case 'wallets':
        return this.#wallets.set(data.wallets);
      case 'told':
        return this.#wallets.told(data);
      case 'answer':
        return this.#questions.get(data.id)?.(data);
      case 'call':
        return this.#call(data);
      default:
        return undefined;
    }
  }

  /** The page's attributes, look, language and texts. */
  #set({ attributes, look, language, strings }) {
    const chat = this.#chat;
    if (isText(language, LONGEST_LOOK)) document.documentElement.lang = language;
    for (const name of this.#names) {
      const value = attributes?.[name];
      if (value === null) chat.removeAttribute(name);
      else if (isText(value, LONGEST_VALUE) && chat.getAttribute(name) !== value) chat.setAttribute(name, value);
    }
    for (const name of LOOK) {
      const value = look?.[name];
      // Nothing is fetched for the look, however it is spelled.
      if (isText(value, LONGEST_LOOK) && !/\\|url|image|src/i.test(value)) chat.style.setProperty(name, value);
    }
    const own = boundedStrings(strings);
    if (JSON.stringify(own) !== JSON.stringify(chat.strings)) chat.strings = own;
  }

  #show(shown) {
    this.#isFollowing = true;
    if (shown === true) this.#chat.show();
    else this.#chat.hide();
    this.#isFollowing = false;
  }

  /** What fails is told to who asked, if they wait for it. */
  #call({ name, argument, context, draft }) {
    const chat = this.#chat;
    const unheard = () => {};
    switch (name) {
      case 'openConversation':
        if (![context, draft].every(text => text === undefined || isText(text, LONGEST_VALUE))) return undefined;
        return isText(argument, LONGEST_VALUE) && chat.openConversation(argument, { context, draft });
      case 'connect':
        return chat.connect().catch(unheard);
      case 'disconnect':
        return chat.disconnect();
      case 'reset':
      case 'exportBackup':
        return chat[name]().then(
          file => this.#send({ type: 'done', id: argument, file }),
          error => this.#send({ type: 'done', id: argument, error: String(error?.message ?? error) }),
        );
      case 'importBackup':
        return argument instanceof Blob && argument.size <= LARGEST_FILE && chat.importBackup(argument).catch(unheard);
      default:
        return undefined;
    }
  }

  /** A question to the page, and its answer. */
  #ask(question) {
    const id = (this.#asked += 1);
    return new Promise((answered, failed) => {
      const end = ({ result, error }) => {
        clearTimeout(timer);
        this.#questions.delete(id);
        if (error === undefined) answered(result);
        else failed(refusal(error?.code, String(error?.message ?? '').slice(0, LONGEST_LOOK), error?.data));
      };
      const timer = setTimeout(() => end({ error: { code: 4900, message: 'the page does not answer' } }), PATIENCE);
      this.#questions.set(id, end);
      this.#send({ ...question, id });
    });
  }
}
