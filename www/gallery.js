// Every state of every screen (widget/src/gallery) in one look: `?look=` light, dark, phone, small, wide or rtl; with
// `&state=` one of them alone, with `&plain` nothing but them. `npm run gallery` builds what it shows.

import '/gallery/dm3-chat.js';

const LOOKS = ['light', 'dark', 'phone', 'small', 'wide', 'rtl'];
const query = new URLSearchParams(location.search);
const look = LOOKS.find((known) => known === query.get('look')) ?? 'light';
const alone = query.get('state');
const page = document.documentElement;
const main = document.querySelector('[data-states]');

page.dataset.look = look;
if (alone || query.has('plain')) page.dataset.plain = '';

for (const name of LOOKS) {
  const link = document.createElement('a');
  link.href = `?look=${name}`;
  link.textContent = name;
  document.querySelector('[data-looks]').append(link);
}

function show(state) {
  const chat = document.createElement('dm3-chat');
  chat.setAttribute('mode', 'inline');
  chat.setAttribute('theme', look === 'dark' ? 'dark' : 'light');
  chat.setAttribute('state', state);
  if (look === 'rtl') chat.dir = 'rtl';
  const words = document.createElement('figcaption');
  words.textContent = state;
  const figure = document.createElement('figure');
  figure.append(words, chat);
  main.append(figure);
  return new Promise((shown) => {
    const look = () => (chat.hasAttribute('shown') ? shown(chat) : requestAnimationFrame(look));
    look();
  });
}

if (alone) {
  await show(alone);
} else {
  // The first one starts the application, which knows the others.
  await show('starting');
  const { ChatHandle } = await import('/gallery/dm3-chat-app.js');
  const names = ChatHandle.states();
  for (const name of names.filter((name) => name !== 'starting')) await show(name);
  window.dm3States = names;
}
