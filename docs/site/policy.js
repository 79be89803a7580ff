// What the page of policies says to what is asked for there: the policy, and the command that prints the same.
import { PolicyError, contentSecurityPolicy } from '../../widget/package/lib/csp.js';

/** What can be asked for beside the node: its option of `dm3-chat csp`, what is written in, and the option of the function. */
export const FIELDS = [
  { name: 'rpc', option: 'rpc', words: 'What rpc-url has, if anything', example: 'https://rpc.example' },
  { name: 'cdn', option: 'cdn', words: 'Where the element’s files are, if elsewhere', example: 'https://cdn.example' },
  { name: 'frame', option: 'frame', words: 'What isolated has, if anything', example: 'https://chat.example/dm3-chat-frame.html' },
  { name: 'embedders', option: 'embedder', words: 'Or, for that frame: who may embed it', example: 'https://shop.example', many: true },
  { name: 'hosts', option: 'host', words: 'Hosts to be called directly', example: 'https://other.example', many: true },
  { name: 'nonce', option: 'nonce', words: 'The nonce of your scripts', example: 'dGVzdA==' },
];

/** What is on or off: what it is when it is not touched, and the option of the command for when it is. */
export const CHOICES = [
  { name: 'strictDynamic', option: 'strict-dynamic', words: 'Scripts may load what they name', usual: false },
  { name: 'trustedTypes', option: 'no-trusted-types', words: 'Trusted Types', usual: true },
  { name: 'media', option: 'no-media', words: 'Attachments are shown in place', usual: true },
];

/** What stands in the form at first. */
export const untouched = () => ({
  node: 'https://node.example',
  ...Object.fromEntries(FIELDS.map(({ name }) => [name, ''])),
  ...Object.fromEntries(CHOICES.map(({ name, usual }) => [name, usual])),
});

/** `{ policy, command }`, or `{ fault }` in words. */
export function answer(asked) {
  const options = { node: asked.node.trim() };
  const words = [options.node];
  for (const { name, option, many } of FIELDS) {
    const values = asked[name].split(/\s+/).filter(Boolean);
    if (values.length === 0) continue;
    options[name] = many ? values : values.join(' ');
    for (const value of many ? values : [options[name]]) words.push(`--${option}`, value);
  }
  for (const { name, option, usual } of CHOICES) {
    options[name] = asked[name];
    if (asked[name] !== usual) words.push(`--${option}`);
  }
  try {
    return { policy: contentSecurityPolicy(options), command: ['npx dm3-chat csp', ...words].join(' ') };
  } catch (error) {
    if (error instanceof PolicyError) return { fault: error.message };
    throw error;
  }
}
