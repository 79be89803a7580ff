import 'dm3-chat';
import { NODE } from './node-url.js';

let chat = document.querySelector('dm3-chat');
chat.node = NODE;

document.querySelector('#away').addEventListener('click', () => {
  if (chat) {
    chat.remove();
    chat = undefined;
  } else {
    chat = document.createElement('dm3-chat');
    chat.node = NODE;
    document.body.append(chat);
  }
});
