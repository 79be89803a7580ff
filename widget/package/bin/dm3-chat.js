#!/usr/bin/env node
// npx dm3-chat csp https://node.example: prints the policy that a page with the element needs.
import { parseArgs } from 'node:util';
import { PolicyError, contentSecurityPolicy } from '../lib/csp.js';

const HELP = `Usage: dm3-chat csp <node> [options]

Prints the exact Content-Security-Policy for a page with <dm3-chat>; the node is the only host it adds.

  --rpc <url>            the page sets rpc-url to this Ethereum node
  --cdn <url>            the element's files are at another origin
  --frame <url>          the page has isolated="<url>": its own policy, without the node
  --embedder <origin>    the policy of that frame, which this origin may embed (may be repeated)
  --host <url>           a further host to be called directly (may be repeated)
  --nonce <nonce>        the page's scripts carry this nonce
  --strict-dynamic       scripts may load what they name; needs --nonce
  --no-trusted-types     the page has other scripts that need markup from text
  --isolated             the page is cross-origin isolated: prints the headers for that, too
  --no-media             attachments are offered as files and not shown in place
  --format <form>        header (default), value, meta, nginx, apache or netlify
`;

const OPTIONS = {
  rpc: { type: 'string' },
  cdn: { type: 'string' },
  frame: { type: 'string' },
  embedder: { type: 'string', multiple: true },
  host: { type: 'string', multiple: true },
  nonce: { type: 'string' },
  'strict-dynamic': { type: 'boolean' },
  'no-trusted-types': { type: 'boolean' },
  'no-media': { type: 'boolean' },
  isolated: { type: 'boolean' },
  format: { type: 'string', default: 'header' },
  help: { type: 'boolean', short: 'h' },
};

const POLICY = 'Content-Security-Policy';
const ISOLATION = [
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Embedder-Policy', 'require-corp'],
];

/** How a header is written. */
const FORMATS = {
  header: (name, value) => `${name}: ${value}`,
  value: (name, value) => value,
  meta: (name, value) => `<meta http-equiv="${name}" content="${value}" />`,
  nginx: (name, value) => `add_header ${name} "${value}" always;`,
  apache: (name, value) => `Header always set ${name} "${value}"`,
  netlify: (name, value) => `  ${name}: ${value}`,
};
/** Forms that can say one header alone. */
const SINGLE = ['value', 'meta'];

function main(words) {
  const { values, positionals } = parseArgs({ args: words, options: OPTIONS, allowPositionals: true });
  const [command, node, ...rest] = positionals;
  if (values.help || !command) return HELP;
  if (command !== 'csp') throw new PolicyError(`there is no command "${command}"`);
  if (rest.length > 0) throw new PolicyError(`one node is enough; "${rest[0]}" is left over (see --host)`);
  if (!Object.hasOwn(FORMATS, values.format)) throw new PolicyError(`a format is one of ${Object.keys(FORMATS).join(', ')}`);
  if (values.isolated && SINGLE.includes(values.format)) {
    throw new PolicyError(`isolation takes three headers, which the format ${values.format} has no place for`);
  }
  if (values.embedder && values.format === 'meta') {
    throw new PolicyError('browsers heed frame-ancestors as a header alone, which the format meta has no place for');
  }
  const policy = contentSecurityPolicy({
    node,
    rpc: values.rpc,
    cdn: values.cdn,
    frame: values.frame,
    embedders: values.embedder,
    hosts: values.host,
    nonce: values.nonce,
    strictDynamic: values['strict-dynamic'],
    trustedTypes: !values['no-trusted-types'],
    media: !values['no-media'],
  });
  const headers = [[POLICY, policy], ...(values.isolated ? ISOLATION : [])].map(([name, value]) => FORMATS[values.format](name, value));
  return `${[...(values.format === 'netlify' ? ['/*'] : []), ...headers].join('\n')}\n`;
}

try {
  process.stdout.write(main(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof PolicyError) && !String(error?.code).startsWith('ERR_PARSE_ARGS')) throw error;
  process.stderr.write(`dm3-chat: ${error.message}\n\n${HELP}`);
  process.exitCode = 2;
}
