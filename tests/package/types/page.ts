// Compiled, never run: how TypeScript sees the element in a page without a framework.
import 'dm3-chat';
import { Dm3Chat, type Dm3Failure, type TextId } from 'dm3-chat/element';
import { load } from 'dm3-chat/loader';
import { contentSecurityPolicy } from 'dm3-chat/csp';
import german from 'dm3-chat/i18n/de.json';
import manifest from 'dm3-chat/custom-elements.json';

const chat: Dm3Chat = document.createElement('dm3-chat');
chat.node = 'https://node.example';
chat.rpcUrl = null;
chat.mode = 'inline';
chat.open = true;
chat.strings = { messages: german.texts.messages };
chat.strings = german;
chat.provider = { request: async ({ method }) => method };
chat.addEventListener('dm3-connect', ({ detail }) => detail.account.toLowerCase());
chat.addEventListener('dm3-unread-change', ({ detail }) => detail.count.toFixed());
chat.addEventListener('dm3-error', ({ detail }) => detail.code === 'signature-refused');
chat.addEventListener('click', ({ clientX }) => clientX);
document.querySelector('dm3-chat')?.openConversation('shop.eth', { draft: 'Hello' });
chat.connect().catch(({ code }: Dm3Failure) => code === 'not-shown');
(window.dm3Chat ||= []).push(['open', { to: 'a.eth' }], ['hide']);

const id: TextId = 'messages';
const version: string = manifest.schemaVersion;
export const all = [id, version, load().then((it) => it?.name), contentSecurityPolicy({ node: 'https://node.example' })];

// @ts-expect-error There is no such mode.
chat.mode = 'window';
// @ts-expect-error There is no such code.
chat.addEventListener('dm3-error', ({ detail }) => detail.code === 'broken');
// @ts-expect-error The account is told, not set.
chat.account = '0x';
// @ts-expect-error A text has a known id.
chat.strings = { 'no such text': '' };
// @ts-expect-error Nobody has such an event's detail.
chat.addEventListener('dm3-connect', ({ detail }) => detail.count);
// @ts-expect-error There is no such command.
window.dm3Chat.push(['send', 'Hello']);
