// One visit: loads the element's script, opens the panel at once, and tells when what was waited for stood there.
import { DevWallet, announce } from '/dev-wallet.js';

const { rpcUrl, nodeUrl, chainId, accounts } = await (await fetch('/localnet.json')).json();
const query = new URLSearchParams(location.search);
const { address } = accounts.find(({ label }) => label === query.get('as'));
announce(new DevWallet({ rpcUrl, chainId, address }));

/** Milliseconds from the script's start to the launcher, and from the click to the first element that fits. */
window.visit = async (script, selector) => {
  const chat = document.createElement('dm3-chat');
  chat.setAttribute('node', nodeUrl);
  document.body.append(chat);
  const started = performance.now();
  await import(script);
  const launcher = chat.shadowRoot.querySelector('[part~="launcher"]');
  // Asks for the layout: it stands there with its styles.
  if (launcher.getBoundingClientRect().width === 0) throw new Error('the launcher is not to be seen');
  const shown = performance.now();
  launcher.click();
  await appears(chat.shadowRoot, selector);
  return { launcher: shown - started, usable: performance.now() - shown };
};

function appears(root, selector) {
  return new Promise((resolve) => {
    const look = () => {
      if (!root.querySelector(selector)) return;
      observer.disconnect();
      resolve();
    };
    const observer = new MutationObserver(look);
    observer.observe(root, { subtree: true, childList: true, attributes: true });
    look();
  });
}
