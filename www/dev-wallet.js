// A wallet for the local network: an EIP-1193 provider announced through EIP-6963 that can be any of the funded
// development accounts. The chain itself (anvil) holds their keys and signs. Part of the demo pages only, never of
// the package.

const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#b54708"/>' +
    '<path d="M11 11 6 16l5 5M21 11l5 5-5 5M18 9l-4 14" fill="none" stroke="#fff" stroke-width="2.2" ' +
    'stroke-linecap="round" stroke-linejoin="round"/></svg>',
)}`;

/** Methods that make a real wallet ask its owner. */
const PROMPTING = new Set([
  'eth_requestAccounts',
  'personal_sign',
  'eth_signTypedData_v4',
  'eth_sendTransaction',
  'wallet_switchEthereumChain',
]);

/** Methods that go to the chain as they are. */
const FORWARDED = new Set([
  'eth_blockNumber',
  'eth_call',
  'eth_estimateGas',
  'eth_getBalance',
  'eth_getBlockByNumber',
  'eth_getCode',
  'eth_getTransactionCount',
  'net_version',
]);

/** An error as EIP-1193 defines it. */
class ProviderError extends Error {
  constructor(code, message) {
    super(message);
    this.name = 'ProviderError';
    this.code = code;
  }
}

/** The bytes `personal_sign` is about: given in hex, or as text by callers that take the name literally. */
function messageBytes(message) {
  if (/^0x([0-9a-f]{2})*$/i.test(message)) {
    return Uint8Array.from(message.slice(2).match(/../g) ?? [], (pair) => parseInt(pair, 16));
  }
  return new TextEncoder().encode(message);
}

const toHex = (bytes) => `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;

export class DevWallet {
  #rpcUrl;
  #chainId;
  #ownChainId;
  #address;
  #askOwner;
  #listeners = [];
  #isLocked = false;
  #isPermitted = true;
  #refusals = 0;
  #nextId = 1;

  /** Every request a real wallet would have asked its owner about, in order: `{method, params}`. */
  prompts = [];

  /** `askOwner({method, address, text})` resolves to whether the owner agrees; without it everything is agreed to. */
  constructor({ rpcUrl, chainId, address, askOwner = async () => true }) {
    this.#rpcUrl = rpcUrl;
    this.#chainId = chainId;
    this.#ownChainId = chainId;
    this.#address = address;
    this.#askOwner = askOwner;
  }

  /** Answers the next `count` signature requests with "user rejected" (4001). */
  refuseNext(count = 1) {
    this.#refusals = count;
  }

  on(event, listener) {
    this.#listeners.push([event, listener]);
    return this;
  }

  removeListener(event, listener) {
    const at = this.#listeners.findIndex(([name, other]) => name === event && other === listener);
    if (at >= 0) this.#listeners.splice(at, 1);
    return this;
  }

  /** How many listen to it. */
  get listeners() {
    return this.#listeners.length;
  }

  /** What its owner does in its own window: chooses an account that the page may see, which also unlocks it. */
  choose(address) {
    this.#address = address;
    this.#isLocked = false;
    this.#isPermitted = true;
    this.#tell('accountsChanged', this.#accounts());
  }

  /** Locks it. */
  lock() {
    this.#isLocked = true;
    this.#tell('accountsChanged', []);
  }

  /** Takes back what the page may see. */
  disconnect() {
    this.#isPermitted = false;
    this.#tell('accountsChanged', []);
  }

  /** Goes to another chain, and loses its connection on the way. */
  switchChain(chainId) {
    this.#chainId = chainId;
    this.#tell('disconnect', new ProviderError(4901, 'Disconnected from the chain.'));
    this.#tell('chainChanged', `0x${chainId.toString(16)}`);
  }

  #tell(event, value) {
    for (const [name, listener] of [...this.#listeners]) if (name === event) listener(value);
  }

  async request({ method, params = [] }) {
    if (PROMPTING.has(method)) this.prompts.push({ method, params });
    switch (method) {
      case 'eth_requestAccounts':
        this.#isLocked = false;
        this.#isPermitted = true;
        return this.#accounts();
      case 'eth_accounts':
        return this.#accounts();
      case 'wallet_getPermissions':
        return this.#isPermitted ? [{ parentCapability: 'eth_accounts' }] : [];
      case 'eth_chainId':
        return `0x${this.#chainId.toString(16)}`;
      case 'personal_sign':
        return this.#sign(...params);
      case 'eth_signTypedData_v4':
        return this.#signTyped(...params);
      case 'eth_sendTransaction':
        return this.#send(...params);
      case 'wallet_switchEthereumChain':
        return this.#change(...params);
      default:
        if (FORWARDED.has(method)) return this.#rpc(method, params);
        throw new ProviderError(4200, `The development wallet has no method ${method}`);
    }
  }

  /** Connected from the start, so that two windows of one browser are two people at once. */
  #accounts() {
    return this.#isLocked || !this.#isPermitted ? [] : [this.#address];
  }

  async #sign(message, address) {
    if (typeof message !== 'string' || address?.toLowerCase() !== this.#address.toLowerCase()) {
      throw new ProviderError(-32602, 'personal_sign takes a message and the connected address');
    }
    const bytes = messageBytes(message);
    await this.#agree('personal_sign', new TextDecoder().decode(bytes));
    return this.#rpc('personal_sign', [toHex(bytes), address]);
  }

  /** Its owner says yes, or the request ends. */
  async #agree(method, text) {
    const isRefused = this.#refusals > 0;
    if (isRefused) this.#refusals -= 1;
    if (isRefused || !(await this.#askOwner({ method, address: this.#address, text }))) {
      throw new ProviderError(4001, 'User rejected the request.');
    }
  }

  async #signTyped(address, typed) {
    if (address?.toLowerCase() !== this.#address.toLowerCase()) {
      throw new ProviderError(-32602, 'eth_signTypedData_v4 takes the connected address and a structure');
    }
    const structure = typeof typed === 'string' ? JSON.parse(typed) : typed;
    await this.#agree('eth_signTypedData_v4', JSON.stringify(structure.message, null, 2));
    return this.#rpc('eth_signTypedData_v4', [address, structure]);
  }

  async #send(transaction) {
    if (transaction?.from?.toLowerCase() !== this.#address.toLowerCase()) {
      throw new ProviderError(-32602, 'eth_sendTransaction takes a transaction of the connected address');
    }
    if (this.#chainId !== this.#ownChainId) throw new ProviderError(4901, 'Disconnected from the chain.');
    await this.#agree('eth_sendTransaction', JSON.stringify(transaction, null, 2));
    return this.#rpc('eth_sendTransaction', [transaction]);
  }

  /** It knows one chain. */
  async #change({ chainId }) {
    if (Number(chainId) !== this.#ownChainId) throw new ProviderError(4902, 'Unrecognized chain.');
    await this.#agree('wallet_switchEthereumChain', `Chain ${Number(chainId)}`);
    if (this.#chainId !== this.#ownChainId) this.switchChain(this.#ownChainId);
    return null;
  }

  async #rpc(method, params) {
    const id = this.#nextId;
    this.#nextId += 1;
    const response = await fetch(this.#rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
    });
    const { result, error } = await response.json();
    if (error) throw new ProviderError(error.code, error.message);
    return result;
  }
}

/** Announces a wallet now and whenever a page asks (EIP-6963). */
export function announce(provider, name = 'Development wallet (local network only)') {
  const info = Object.freeze({ uuid: crypto.randomUUID(), name, icon: ICON, rdns: 'org.dm3.dev-wallet' });
  const detail = Object.freeze({ info, provider });
  const send = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }));
  window.addEventListener('eip6963:requestProvider', send);
  send();
}

/** The wallet's window: shows what is to be signed and asks. */
export function askInDialog({ address, text }) {
  const dialog = document.createElement('dialog');
  dialog.className = 'dev-wallet';
  dialog.setAttribute('aria-label', 'Development wallet');
  const title = document.createElement('h2');
  title.textContent = 'Development wallet: sign this text?';
  const account = document.createElement('p');
  account.textContent = address;
  const message = document.createElement('pre');
  message.textContent = text;
  const form = document.createElement('form');
  form.method = 'dialog';
  for (const [value, label] of [
    ['refuse', 'Refuse'],
    ['sign', 'Sign'],
  ]) {
    const button = document.createElement('button');
    button.value = value;
    button.textContent = label;
    if (value === 'sign') {
      button.className = 'primary';
      button.autofocus = true;
    }
    form.append(button);
  }
  dialog.append(title, account, message, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'sign');
    });
  });
}
