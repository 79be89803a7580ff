// The page's wallets for the frame: what the application asks a wallet for, and nothing else, built anew from what can be read.
import { MOST_WALLETS, WALLET_EVENTS, isText } from './channel.js';

/** What is asked of a wallet, and how long its answers may be, as widget/src/adapters/wallet reads them. */
const LONGEST = { signed: 8 * 1024, call: 256 * 1024, result: 2 * 256 * 1024 + 2, id: 64, name: 1_000, icon: 64 * 1024 };
const MOST_ITEMS = 100;
const MOST_REQUESTS = 16;
/** How long after something the person did a wallet may open its window, and how often: milliseconds. */
const PROMPTS = { time: 60_000, most: 6 };

const isHex = (value, bytes) => isText(value, 2 * bytes + 2) && /^0x(?:[0-9a-f]{2})*$/i.test(value);
const isQuantity = (value, digits) => isText(value, digits + 2) && /^0x[0-9a-f]+$/.test(value);
const isAddress = value => isHex(value, 20) && value.length === 42;
const listOf = (value, each) => (Array.isArray(value) ? value.slice(0, MOST_ITEMS).map(each).filter(Boolean) : []);
const texts = (value, longest) => listOf(value, item => isText(item, longest) && item);

/**
 * `params`: those that are passed on, or nothing if these are refused. `result`: what is passed back. `prompts`: a window of
 * the wallet opens.
 */
const METHODS = {
  eth_accounts: { params: () => [], result: value => texts(value, 42) },
  eth_requestAccounts: { params: () => [], result: value => texts(value, 42), prompts: true },
  eth_chainId: { params: () => [], result: value => (isText(value, 20) ? value : null) },
  wallet_getPermissions: {
    params: () => [],
    result: value => listOf(value, item => isText(item?.parentCapability, LONGEST.id) && { parentCapability: item.parentCapability }),
  },
  personal_sign: {
    params: ([text, account]) => (isHex(text, LONGEST.signed) && isAddress(account) ? [text, account] : undefined),
    result: value => (isText(value, 16 * 1024) ? value : null),
    prompts: true,
  },
  eth_signTypedData_v4: {
    params: ([account, typed]) => (isAddress(account) && isText(typed, LONGEST.signed) ? [account, typed] : undefined),
    result: value => (isText(value, 16 * 1024) ? value : null),
    prompts: true,
  },
  eth_sendTransaction: {
    params: ([transaction]) => {
      const { chainId, from, to, value, data } = Object(transaction);
      const isWhole = isAddress(from) && isAddress(to) && isQuantity(value, 32) && isHex(data, LONGEST.call);
      return isWhole && isQuantity(chainId, 16) ? [{ chainId, from, to, value, data }] : undefined;
    },
    result: value => (isText(value, 66) ? value : null),
    prompts: true,
  },
  wallet_switchEthereumChain: {
    params: ([wanted]) => (isQuantity(Object(wanted).chainId, 16) ? [{ chainId: wanted.chainId }] : undefined),
    result: () => null,
    prompts: true,
  },
  eth_call: {
    params: ([call, block]) => {
      const { to, data } = Object(call);
      if (!isHex(data, LONGEST.call) || block !== 'latest' || !(to === undefined || isAddress(to))) return undefined;
      return [to === undefined ? { data } : { to, data }, block];
    },
    result: value => (isText(value, LONGEST.result) ? value : null),
  },
};

/** What is passed on of what a wallet tells by itself. */
const TOLD = {
  accountsChanged: value => texts(value, 42),
  chainChanged: value => (isText(value, 20) ? value : null),
  disconnect: value => boundedError(value),
};

class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** An error of a wallet as the frame reads it (EIP-1193). */
function boundedError(error) {
  const data = error?.data;
  const code = [error?.code, data?.originalError?.code].find(Number.isSafeInteger);
  const revert = [data?.data, data?.originalError?.data, data].find(value => isText(value, LONGEST.result));
  return { code, message: String(error?.message ?? error).slice(0, 400), data: revert };
}

export class Relay {
  #host;
  #send;
  #page;
  #announced = [];
  /** Providers by the number under which the frame knows them, and what ends listening to each. */
  #known = new Map();
  #numbers = 0;
  #waiting = 0;
  #isPrompting = false;
  #prompts = { until: 0, left: 0 };
  #agreed = new Set();

  /** `send` brings a message to the frame. */
  constructor(host, send) {
    this.#host = host;
    this.#send = send;
    window.addEventListener('eip6963:announceProvider', this.#announce);
    window.addEventListener('ethereum#initialized', this.#tell);
    window.dispatchEvent(new Event('eip6963:requestProvider'));
  }

  #announce = ({ detail }) => {
    const { info, provider } = Object(detail);
    const { uuid, name, rdns, icon } = Object(info);
    if (!isText(uuid, LONGEST.id) || !isText(name, LONGEST.name) || typeof provider?.request !== 'function') return;
    if (this.#announced.length >= MOST_WALLETS || this.#announced.some(other => other.info.uuid === uuid)) return;
    const told = { uuid, name, rdns: isText(rdns, LONGEST.id) ? rdns : '', icon: isText(icon, LONGEST.icon) ? icon : '' };
    this.#announced.push({ kind: 'announced', info: told, provider });
    this.#tell();
  };

  #tell = () => this.#send({ type: 'wallets', wallets: this.list() });

  /** The page's own wallet comes in place of all others. */
  givePageProvider(provider) {
    this.#page = typeof provider?.request === 'function' ? provider : undefined;
    this.#tell();
  }

  /** The wallets of the page: each with its number, which kind it is, and what it says about itself. */
  list() {
    const injected = typeof window.ethereum?.request === 'function' ? [{ kind: 'injected', provider: window.ethereum }] : [];
    const found = this.#announced.length ? this.#announced : injected;
    const all = this.#page ? [{ kind: 'page', provider: this.#page }] : found;
    return all.map(({ kind, info, provider }) => ({ number: this.#numberOf(provider), kind, info }));
  }

  #numberOf(provider) {
    for (const [number, known] of this.#known) if (known.provider === provider) return number;
    const number = (this.#numbers += 1);
    const listeners = WALLET_EVENTS.map(event => {
      const listener = value => this.#send({ type: 'told', number, event, value: TOLD[event](value) });
      attempt(() => provider.on?.(event, listener));
      return [event, listener];
    });
    const unlisten = () => listeners.forEach(([event, listener]) => attempt(() => provider.removeListener?.(event, listener)));
    this.#known.set(number, { provider, unlisten });
    return number;
  }

  /** The person, or the page itself, has just done something that may lead to a wallet's window. */
  allowPrompts() {
    this.#prompts = { until: performance.now() + PROMPTS.time, left: PROMPTS.most };
  }

  async hear(data) {
    switch (data?.type) {
      case 'act':
        return this.#act();
      case 'agree':
        return this.#send({ type: 'answer', id: data.id, result: this.#agree(data) });
      case 'ask':
        return this.#send({ type: 'answer', id: data.id, ...(await this.#answer(data)) });
      default:
        return undefined;
    }
  }

  /** The frame says that somebody did something in it; the browser knows, and may tell a little later. */
  async #act() {
    for (const wait of [0, 50, 200, 500]) {
      await new Promise(done => setTimeout(done, wait));
      if (navigator.userActivation.isActive) return this.allowPrompts();
    }
    return undefined;
  }

  /** Whether the page lets the wallet be asked for a signature of this text. */
  #agree({ purpose, text }) {
    if (!['keys', 'profile'].includes(purpose) || !isText(text, LONGEST.signed)) return false;
    const detail = { purpose, text };
    const event = new CustomEvent('dm3-before-sign', { bubbles: true, composed: true, cancelable: true, detail });
    if (!this.#host.dispatchEvent(event)) return false;
    this.#agreed.clear();
    this.#agreed.add(hex(text));
    return true;
  }

  async #answer(data) {
    if (this.#waiting >= MOST_REQUESTS) return { error: { code: -32005, message: 'too many requests' } };
    this.#waiting += 1;
    try {
      return { result: await this.#request(data) };
    } catch (error) {
      return { error: boundedError(error) };
    } finally {
      this.#waiting -= 1;
    }
  }

  async #request({ number, method, params }) {
    const provider = this.#known.get(number)?.provider;
    if (!provider) throw new Refused(4900, 'there is no such wallet');
    if (!Object.hasOwn(METHODS, method)) throw new Refused(4200, 'the frame may not ask for this');
    const { params: read, result, prompts } = METHODS[method];
    const passed = read(Array.isArray(params) ? params : []);
    if (!passed) throw new Refused(-32602, 'the frame may not ask for this');
    if (!prompts) return result(await provider.request({ method, params: passed }));
    if (this.#isPrompting) throw new Refused(-32002, 'the wallet is being asked already');
    if (performance.now() > this.#prompts.until || this.#prompts.left < 1) throw new Refused(4100, 'nobody has asked for this');
    if (method === 'personal_sign' && !this.#agreed.delete(passed[0].toLowerCase())) {
      throw new Refused(4100, 'the page was not told of this text');
    }
    this.#prompts.left -= 1;
    this.#isPrompting = true;
    try {
      return result(await provider.request({ method, params: passed }));
    } finally {
      this.#isPrompting = false;
      // Some steps ask twice, and who reads what they sign takes their time.
      this.#prompts.until = Math.max(this.#prompts.until, performance.now() + PROMPTS.time);
    }
  }

  end() {
    window.removeEventListener('eip6963:announceProvider', this.#announce);
    window.removeEventListener('ethereum#initialized', this.#tell);
    for (const { unlisten } of this.#known.values()) unlisten();
    this.#known.clear();
  }
}

/** Wallets are anybody's code; one without events is silent. */
function attempt(task) {
  try {
    task();
  } catch {
    // It tells nothing, then.
  }
}

const hex = text => `0x${Array.from(new TextEncoder().encode(text), byte => byte.toString(16).padStart(2, '0')).join('')}`;
