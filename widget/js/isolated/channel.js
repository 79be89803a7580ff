// What the page and the frame of the isolated mode agree on: the words they exchange, and the bounds of these.
//
//   page ── set, shown, call, answer, told ──▶ frame
//   page ◀── ready, refused, event, online, offline, hide, act, agree, ask, done ── frame

/** Another number is another version of the element at the other end. */
export const PROTOCOL = 2;

/** Variables of the look that concern what is in the frame; what is around it stays in the page. */
export const LOOK = [
  ...['accent', 'on-accent', 'own', 'on-own', 'bg', 'surface', 'surface-2', 'line', 'text', 'text-2', 'text-3', 'badge'],
  ...['good', 'good-bg', 'warn', 'warn-bg', 'bad', 'bad-bg', 'font', 'font-mono', 'bubble-radius'],
].map(name => `--dm3-${name}`);

/** What the page is told of each event. Never a message's text. */
export const EVENTS = {
  ready: [],
  connect: ['account'],
  disconnect: [],
  'message-sent': ['id'],
  'message-received': ['peer', 'id'],
  request: ['peer'],
  'unread-change': ['count'],
  error: ['code', 'message'],
};

/** What a wallet tells by itself (EIP-1193). */
export const WALLET_EVENTS = ['accountsChanged', 'chainChanged', 'disconnect'];

/** Longer than any text of an attribute has reason to be. */
export const LONGEST_VALUE = 20_000;
/** As the element takes them (widget/js/languages.js), and many times as many as there are. */
const LONGEST_STRING = 1_000;
const MOST_STRINGS = 2_000;
/** No address, id or code is longer. */
const LONGEST_DETAIL = 400;
const HIGHEST_COUNT = 1_000_000;

/** Wallets that are told of; more are a joke or an attack. */
export const MOST_WALLETS = 32;

export const isText = (value, longest) => typeof value === 'string' && value.length <= longest;

/** The texts of the page's own that can be used. */
export function boundedStrings(strings) {
  if (typeof strings !== 'object' || strings === null) return undefined;
  const usable = Object.entries(strings).filter(([, text]) => isText(text, LONGEST_STRING));
  return Object.fromEntries(usable.slice(0, MOST_STRINGS));
}

/** Of an event's detail what the page may be told, or nothing if it is malformed. */
export function boundedDetail(name, detail) {
  if (!Object.hasOwn(EVENTS, name)) return undefined;
  const told = {};
  for (const field of EVENTS[name]) {
    const value = detail?.[field];
    const isCount = Number.isSafeInteger(value) && value >= 0 && value <= HIGHEST_COUNT;
    if (field === 'count' ? !isCount : !isText(value, LONGEST_DETAIL)) return undefined;
    told[field] = value;
  }
  return told;
}

/** Allows something so many times in a while, in milliseconds. */
export class Meter {
  #most;
  #while;
  #since = 0;
  #count = 0;

  constructor(most, time) {
    this.#most = most;
    this.#while = time;
  }

  allows() {
    const now = performance.now();
    if (now - this.#since > this.#while) [this.#since, this.#count] = [now, 0];
    this.#count += 1;
    return this.#count <= this.#most;
  }
}

/** Whoever sends more than this talks to nobody any more: messages in ten seconds. */
export const FLOOD = [1_000, 10_000];
