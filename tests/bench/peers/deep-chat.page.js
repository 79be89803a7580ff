// deep-chat, which keeps as many messages in the page as it is told to: all of them, here.
import 'deep-chat';

let chat, given;

export function mount(messages) {
  given = messages.length;
  chat = document.createElement('deep-chat');
  Object.assign(chat.style, { width: '1100px', height: '700px' });
  chat.demo = true;
  // By itself it keeps the last 4,000. Those that are sent come on top.
  chat.maxVisibleMessages = given + 100;
  chat.history = messages.map(({ ours, text }) => ({ role: ours ? 'user' : 'ai', text }));
  document.body.append(chat);
}

export const unmount = () => chat?.remove();
export const root = () => chat.shadowRoot;
export const bubbles = () => chat.shadowRoot?.querySelectorAll('#messages .message-bubble') ?? [];
export const drawn = () => bubbles().length >= given;
export const scroller = () => root().querySelector('#messages');
export const field = () => root().querySelector('#text-input');
export const send = (text) => chat.submitUserMessage({ text });
