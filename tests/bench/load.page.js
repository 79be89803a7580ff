// One visit: loads the element's script, opens the panel as soon as the launcher is painted, and tells when what was waited for
// stood there, and what came over the network for it.
import { DevWallet, announce } from '/dev-wallet.js';

const { rpcUrl, nodeUrl, chainId, accounts } = await (await fetch('/localnet.json')).json();
const query = new URLSearchParams(location.search);
const { address } = accounts.find(({ label }) => label === query.get('as'));
announce(new DevWallet({ rpcUrl, chainId, address }));

/**
 * Milliseconds from asking for the script, and from its arrival, to the painted launcher, and from the click to the first element
 * that fits; bytes of what was transferred, as they are compressed.
 */
window.visit = async (script, selector) => {
  const chat = document.createElement('dm3-chat');
  chat.setAttribute('node', nodeUrl);
  document.body.append(chat);
  const asked = performance.now();
  await import(script);
  const launcher = chat.shadowRoot.querySelector('[part~="launcher"]');
  await painted();
  if (launcher.getBoundingClientRect().width === 0) throw new Error('the launcher is not to be seen');
  const shown = performance.now();
  launcher.click();
  await appears(chat.shadowRoot, selector);
  const usable = performance.now() - shown;
  const loaded = performance.getEntriesByType('resource').filter(({ name }) => new URL(name).pathname.startsWith(script.slice(0, 3)));
  const { responseEnd } = loaded.find(({ name }) => name.endsWith(script));
  const bytes = loaded.filter(({ transferSize }) => transferSize > 0).reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
  return { launcher: shown - asked, painted: shown - Math.max(responseEnd, asked), usable, bytes };
};

/** A task after the next frame: it was painted by then. */
function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = resolve;
      port2.postMessage(null);
    });
  });
}

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
