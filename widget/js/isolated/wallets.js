// The wallets that the application sees in the frame: those of the frame itself, which the page has no part in, and those of
// the page, through the channel. Each is asked for a signature only after something that the person did in the frame.
import { MOST_WALLETS, WALLET_EVENTS } from './channel.js';

/** How long something that the person did leads to signatures, in milliseconds. */
const ACT = 120_000;
/** What a wallet asks its owner for beside signatures of texts, of which the page is told before. */
const SENDING = new Set(['eth_sendTransaction', 'eth_signTypedData_v4', 'wallet_switchEthereumChain']);

export class FrameWallets {
  #ask;
  #agree;
  #own = new Set();
  #known = new Map();
  #ours = new WeakSet();
  #acted = -Infinity;
  #sign;
  /** It was the page that refused the last signature, and not the person. */
  isForbidden = false;
  /** Takes the wallet that the page has chosen for the element, or nothing. */
  onPage = () => {};

  /** `ask` and `agree` bring a request to the page and give its answer. */
  constructor(ask, agree) {
    this.#ask = ask;
    this.#agree = agree;
    window.addEventListener('eip6963:announceProvider', event => this.#take(event), { capture: true });
    window.addEventListener('eip6963:requestProvider', () => this.#announceAll());
    // Before the page's are told, so that of a wallet that is in both the frame's own is taken.
    window.dispatchEvent(new Event('eip6963:requestProvider'));
  }

  /** The person has done something in the frame. */
  act() {
    this.#acted = performance.now();
  }

  /** The application is about to ask for this signature. */
  announceSign(detail) {
    this.#sign = detail;
  }

  /** A wallet of the frame itself: the application gets it with the same conditions as the others. */
  #take(event) {
    if (this.#ours.has(event)) return;
    event.stopImmediatePropagation();
    const { info, provider } = Object(event.detail);
    if (typeof provider?.request !== 'function' || this.#own.size >= MOST_WALLETS) return;
    if (info?.rdns) this.#own.add(info.rdns);
    this.#announce(info, {
      request: request => this.#guarded(request, () => provider.request(request)),
      on: (...listener) => provider.on?.(...listener),
      removeListener: (...listener) => provider.removeListener?.(...listener),
    });
  }

  #announce(info, provider) {
    const event = new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) });
    this.#ours.add(event);
    window.dispatchEvent(event);
  }

  #announceAll() {
    for (const { kind, info, provider } of this.#known.values()) {
      if (kind === 'announced' && !this.#own.has(info.rdns)) this.#announce(info, provider);
    }
  }

  /** The page's wallets changed. */
  set(wallets) {
    if (!Array.isArray(wallets)) return;
    const told = wallets.slice(0, MOST_WALLETS).filter(wallet => Number.isSafeInteger(wallet?.number));
    for (const { number, kind, info } of told) {
      if (this.#known.has(number) || this.#known.size > 4 * MOST_WALLETS) continue;
      this.#known.set(number, { kind, info: Object(info), provider: this.#relayed(number), listeners: [] });
    }
    const page = told.find(({ kind }) => kind === 'page');
    this.onPage(page && this.#known.get(page.number)?.provider);
    const injected = told.find(({ kind }) => kind === 'injected');
    if (injected && !window.ethereum) {
      window.ethereum = this.#known.get(injected.number)?.provider;
      window.dispatchEvent(new Event('ethereum#initialized'));
    }
    this.#announceAll();
  }

  /** A wallet of the page tells something by itself. */
  told({ number, event, value }) {
    if (!WALLET_EVENTS.includes(event)) return;
    for (const [name, listener] of [...(this.#known.get(number)?.listeners ?? [])]) if (name === event) listener(value);
  }

  #relayed(number) {
    const listeners = () => this.#known.get(number).listeners;
    return {
      request: request => this.#guarded(request, () => this.#ask({ number, method: request.method, params: request.params })),
      on: (event, listener) => listeners().push([event, listener]),
      removeListener: (event, listener) => {
        const at = listeners().findIndex(([name, other]) => name === event && other === listener);
        if (at >= 0) listeners().splice(at, 1);
      },
    };
  }

  async #guarded({ method }, request) {
    const sends = SENDING.has(method);
    // What is refused from here on is refused by the person, unless the page does.
    if (sends || method === 'eth_requestAccounts') this.isForbidden = false;
    if (method !== 'personal_sign' && !sends) return request();
    if (performance.now() - this.#acted > ACT) throw refusal(4100, 'nobody has asked for this');
    if (sends) {
      const answer = await request();
      this.act();
      return answer;
    }
    this.isForbidden = !this.#sign || !(await this.#agree(this.#sign));
    if (this.isForbidden) throw refusal(4001, 'the page does not let the wallet be asked');
    this.#sign = undefined;
    const signature = await request();
    // Some steps ask twice, and who reads what they sign takes their time.
    this.act();
    return signature;
  }
}

/** An error of a wallet (EIP-1193). */
export function refusal(code, message, data) {
  return Object.assign(new Error(message), { code, data });
}
