// stream-chat-react: the components and styles of its quick start, with one channel instead of a list of them. Its list keeps all
// messages in the page; its virtualized list those that can be seen. There is no server: what the client asks of it is answered here,
// the channel with all messages at once.
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { StreamChat } from 'stream-chat';
import { Channel, ChannelHeader, Chat, MessageComposer, MessageList, VirtualizedMessageList, Window } from 'stream-chat-react';
import styles from 'stream-chat-react/css/index.css';

const CHANNEL = {
  type: 'messaging',
  id: 'long',
  cid: 'messaging:long',
  config: { commands: [], max_message_length: 5_000, quotes: true, reactions: true, read_events: true, replies: true, typing_events: true },
  own_capabilities: ['delete-own-message', 'quote-message', 'read-events', 'send-message', 'send-reaction', 'send-reply', 'update-own-message'],
};
const [OURS, THEIRS] = ['alice', 'bob'].map((id) => ({ id, name: id, role: 'user' }));
/** So long an answer takes: milliseconds. What is sent is to be seen before. */
const ANSWER = 100;

document.head.append(Object.assign(document.createElement('style'), { textContent: styles }));

let container, react, given, virtualized;

export async function mount(messages, options = {}) {
  given = messages.length;
  ({ virtualized = false } = options);
  const client = new StreamChat('no key');
  client._setUser(OURS);
  client.doAxiosRequest = async (_, url, asked) => {
    if (url.endsWith('/query')) return { channel: CHANNEL, messages: messages.map(asAnswered), members: [], read: [], watchers: [] };
    await new Promise((next) => setTimeout(next, ANSWER));
    if (!url.endsWith('/message')) return {};
    const { id, text } = asked.message;
    return { message: { ...asAnswered({ ours: true, time: Date.now(), text }), id } };
  };
  const channel = client.channel(CHANNEL.type, CHANNEL.id);
  // More than there are: nothing earlier is asked for.
  await channel.watch({ messages: { limit: given + 1 } });
  container = document.createElement('div');
  Object.assign(container.style, { width: '1100px', height: '700px' });
  document.body.append(container);
  react = createRoot(container);
  const parts = [ChannelHeader, virtualized ? VirtualizedMessageList : MessageList, MessageComposer].map((part) => createElement(part));
  react.render(createElement(Chat, { client }, createElement(Channel, { channel }, createElement(Window, {}, ...parts))));
}

function asAnswered({ ours, time, text }, number) {
  const at = new Date(time).toISOString();
  const lists = { attachments: [], mentioned_users: [], latest_reactions: [], own_reactions: [] };
  return { id: `message-${number}`, cid: CHANNEL.cid, type: 'regular', text, user: ours ? OURS : THEIRS, created_at: at, updated_at: at, ...lists };
}

export function unmount() {
  react?.unmount();
  container?.remove();
}

export const root = () => document;
export const bubbles = () => container.querySelectorAll('.str-chat__message');
export const drawn = () => (virtualized ? isFilled([...bubbles()]) : bubbles().length >= given);
export const scroller = () => container.querySelector(virtualized ? '.str-chat__message-list-scroll' : '.str-chat__message-list');
export const field = () => container.querySelector('textarea');

/** Whether messages fill the view: one alone is drawn before, to be measured. */
function isFilled(shown) {
  if (shown.length < 2 || !shown[0].checkVisibility({ visibilityProperty: true })) return false;
  const [first, last] = [shown[0], shown.at(-1)].map((bubble) => bubble.getBoundingClientRect());
  return last.bottom - first.top > 0.8 * scroller().clientHeight;
}

export function write(text) {
  field().focus();
  field().select();
  document.execCommand('insertText', false, text);
}

export const send = () => container.querySelector('.str-chat__send-button').click();
