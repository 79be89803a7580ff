// A wallet for one tab: an EIP-1193 provider whose key is made here and never leaves. Part of the playground only, never of the
// package.
import { SigningKey } from 'ethers/crypto';
import { hashMessage } from 'ethers/hash';
import { computeAddress } from 'ethers/transaction';
import { getBytes, hexlify, toUtf8String } from 'ethers/utils';

const KEPT = 'dm3-try-key';

const refusal = (code, message) => Object.assign(new Error(message), { code });

/** The tab's key: a reload keeps it, closing the tab ends it. */
function tabKey() {
  const kept = sessionStorage.getItem(KEPT);
  if (kept) return new SigningKey(kept);
  const made = hexlify(crypto.getRandomValues(new Uint8Array(32)));
  sessionStorage.setItem(KEPT, made);
  return new SigningKey(made);
}

export class ThrowAwayWallet {
  #key = tabKey();
  #chainId;
  #onSigned;
  address = computeAddress(this.#key);

  /** `onSigned` is told each text that was signed. */
  constructor({ chainId, onSigned }) {
    this.#chainId = chainId;
    this.#onSigned = onSigned;
  }

  /** There is no such wallet any more. */
  static throwAway() {
    sessionStorage.removeItem(KEPT);
  }

  async request({ method, params = [] }) {
    switch (method) {
      case 'eth_requestAccounts':
      case 'eth_accounts':
        return [this.address];
      case 'eth_chainId':
        return `0x${this.#chainId.toString(16)}`;
      case 'wallet_getPermissions':
        return [{ parentCapability: 'eth_accounts' }];
      case 'personal_sign': {
        const [message, address] = params;
        if (address?.toLowerCase() !== this.address.toLowerCase()) throw refusal(4100, 'This wallet has another account.');
        const bytes = getBytes(message);
        this.#onSigned(toUtf8String(bytes));
        return this.#key.sign(hashMessage(bytes)).serialized;
      }
      default:
        throw refusal(4200, `The throw-away wallet has no method ${method}`);
    }
  }

  // Its one account never changes.
  on() {}
  removeListener() {}
}
