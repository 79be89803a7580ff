// The playground: a throw-away wallet, and an account that answers. What is where – node, account, the element's files – is told by
// try.json beside this page.
import { editLook } from './look.js';
import { ThrowAwayWallet } from './wallet.js';

const find = (selector) => document.querySelector(selector);

function showSigned(text) {
  const row = document.createElement('li');
  const details = document.createElement('details');
  const summary = document.createElement('summary');
  const whole = document.createElement('pre');
  summary.textContent = text.trim().split('\n', 1)[0].slice(0, 80);
  whole.textContent = text;
  details.append(summary, whole);
  row.append(details);
  find('[data-signed]').append(row);
  find('[data-nothing]').hidden = true;
}

/** Account and wallet end; what the element has kept of them, too. */
async function throwAway(chat) {
  const ended = new Promise((done) => {
    chat.addEventListener('dm3-disconnect', done, { once: true });
    setTimeout(done, 3_000);
  });
  if (chat.account) {
    chat.reset();
    await ended;
  }
  ThrowAwayWallet.throwAway();
  location.reload();
}

async function begin() {
  const answer = await fetch('./try.json');
  if (!answer.ok) throw new Error('nobody has said which node this page is to use; "npm start" does so for a local network');
  const { nodeUrl, chainId, echo, element } = await answer.json();
  const wallet = new ThrowAwayWallet({ chainId, onSigned: showSigned });
  find('[data-echo]').textContent = echo;
  find('[data-address]').textContent = wallet.address;
  const chat = find('dm3-chat');
  chat.setAttribute('node', nodeUrl);
  chat.setAttribute('to', echo);
  chat.setAttribute('draft', 'Hello! Is anybody there?');
  chat.provider = wallet;
  editLook(chat, find('[data-look]'), find('[data-look-code]'), find('[data-look-warning]'));
  find('[data-throw-away]').addEventListener('click', () => throwAway(chat));
  await import(new URL(element, document.baseURI).href);
}

begin().catch((error) => {
  const fault = find('[data-fault]');
  fault.textContent = `This page could not be set up: ${error.message}.`;
  fault.hidden = false;
});
