// What the demo pages do: learn where the local network is, offer the development wallet, then load the element.
//
// Query parameters: `as` – the account of this window (label or name), remembered for the window;
// `wallet` – `ask` (default: a window shows each text to sign), `auto` (signs at once), `legacy` (as
// window.ethereum instead of an announcement) or `none`; `to`, `theme` – passed on to the element.

import { DevWallet, announce, askInDialog } from './dev-wallet.js';

const STORED_ACCOUNT = 'dm3-dev-account';

const query = new URLSearchParams(location.search);
const { rpcUrl, nodeUrl, chainId, accounts } = await (await fetch('/localnet.json')).json();
const everyElement = (selector, use) => document.querySelectorAll(selector).forEach(use);
const find = (wanted) => accounts.find(({ label, name }) => wanted && (label === wanted || name === wanted));

const account = find(query.get('as')) ?? find(sessionStorage.getItem(STORED_ACCOUNT)) ?? accounts[0];
sessionStorage.setItem(STORED_ACCOUNT, account.label);

const mode = query.get('wallet') ?? 'ask';
const wallet = new DevWallet({
  rpcUrl,
  chainId,
  address: account.address,
  ...(mode === 'ask' && { askOwner: askInDialog }),
});
window.dm3DevWallet = wallet;
if (mode === 'legacy') window.ethereum = wallet;
else if (mode !== 'none') announce(wallet);

function showAccount() {
  document.title = `${account.label} · dm3-chat demo`;
  everyElement('[data-account-name]', (element) => (element.textContent = account.name ?? account.label));
  everyElement('[data-account-address]', (element) => (element.textContent = account.address));
  everyElement('[data-account-select]', (element) => (element.value = account.label));
  const other = accounts.find(({ label }) => label !== account.label);
  everyElement('[data-open-other]', (element) => (element.href = `/?as=${other.label}`));
}

everyElement('[data-account-select]', (select) => {
  for (const { label, name } of accounts) select.append(new Option(name ?? `${label} (no name)`, label));
  select.addEventListener('change', () => {
    // The window becomes that person: everything starts anew.
    const url = new URL(location.href);
    url.searchParams.set('as', select.value);
    location.assign(url);
  });
});
everyElement('[data-people]', (list) => {
  for (const { label, name, address } of accounts) {
    const row = document.createElement('li');
    const who = document.createElement('strong');
    who.textContent = name ?? `${label} (no name)`;
    const where = document.createElement('code');
    where.textContent = address;
    row.append(who, where);
    list.append(row);
  }
});
everyElement('[data-address-of]', (element) => {
  const { address } = find(element.dataset.addressOf);
  element.textContent = `${address.slice(0, 6)}…${address.slice(-4)}`;
});
everyElement('[data-dm3-to-account]', (button) => {
  button.dataset.dm3To = find(button.dataset.dm3ToAccount).address;
});
// The page server answers under both names, which are two origins.
const frame = `http://${location.hostname === 'localhost' ? '127.0.0.1' : 'localhost'}:${location.port}/frame.html`;
everyElement('dm3-chat[data-isolated]', (chat) => chat.setAttribute('isolated', frame));
everyElement('[data-frame]', (element) => (element.textContent = new URL(frame).origin));
everyElement('[data-node]', (element) => (element.textContent = nodeUrl));
showAccount();

everyElement('dm3-chat', (chat) => {
  chat.setAttribute('node', nodeUrl);
  for (const name of ['to', 'theme']) if (query.has(name)) chat.setAttribute(name, query.get(name));
});
await import('/dist/dm3-chat.js');
