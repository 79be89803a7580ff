// The exact Content-Security-Policy that a page with <dm3-chat> needs, and nothing beyond it.

/** A fault in what was asked for, in words for the person who asked. */
export class PolicyError extends Error {
  name = 'PolicyError';
}

const LOCAL = ['localhost', '127.0.0.1', '[::1]'];

/** The origin of an address that is given as `what`. */
function origin(address, what) {
  let url;
  try {
    url = new URL(address);
  } catch {
    throw new PolicyError(`${what} is no address: ${address}; write it as https://host.example`);
  }
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && LOCAL.includes(url.hostname));
  if (!secure) throw new PolicyError(`${what} must begin with https:// (http:// only for this machine): ${address}`);
  // Besides, a page's policy would end at these.
  if (/[;,'\s]/.test(url.host)) throw new PolicyError(`${what} has no usable host: ${address}`);
  return url.origin;
}

/**
 * The directives by name, each with its sources.
 *
 * `node`: the dm3 node. `rpc`: what the attribute `rpc-url` has. `cdn`: where the element's files are, if not at the page's own
 * origin. `hosts`: other nodes and gateways to be called directly and not through the node. `nonce`: the page's own, for its
 * script elements. `strictDynamic`: scripts may load what they name. `trustedTypes` and `media` are on unless they are `false`.
 *
 * Of the isolated mode: `frame`, what the attribute `isolated` has, makes it the policy of the page, which reaches neither node
 * nor WASM; `embedders`, the origins that may embed it, the policy of the frame.
 */
export function directives(options = {}) {
  const { node, rpc, cdn, frame, hosts = [], embedders = [], nonce, strictDynamic = false, trustedTypes = true, media = true } = options;
  if (frame !== undefined && embedders.length > 0) throw new PolicyError('the page and its frame have a policy each: give --frame for the one, --embedder for the other');
  if (!node) throw new PolicyError('the node is missing; write it as https://node.example');
  if (nonce !== undefined && !/^[\w+/-]+={0,2}$/.test(nonce)) throw new PolicyError('a nonce has letters, digits and + / - _ = alone');
  if (strictDynamic && nonce === undefined) throw new PolicyError('strict-dynamic needs a nonce: without one no script may run');
  const at = origin(node, 'the node');
  const files = cdn === undefined ? "'self'" : origin(cdn, 'the CDN');
  const scripts = ["'self'", files, ...(nonce === undefined ? [] : [`'nonce-${nonce}'`]), ...(strictDynamic ? ["'strict-dynamic'"] : [])];
  const others = hosts.map(host => origin(host, 'a further host'));
  const reached = [at, at.replace(/^http/, 'ws'), ...(rpc ? [origin(rpc, 'the RPC address')] : []), ...others];
  const application = {
    'script-src': unique([...scripts, "'wasm-unsafe-eval'"]),
    'style-src': ["'self'"],
    'connect-src': unique(["'self'", files, ...reached]),
    'img-src': ["'self'", 'data:', ...(media ? ['blob:'] : [])],
    ...(media && { 'media-src': ['blob:'] }),
    ...(embedders.length > 0 && { 'frame-ancestors': unique(embedders.map(it => origin(it, 'an embedder'))) }),
  };
  const launcherAlone = () => ({
    'script-src': unique(scripts),
    'style-src': ["'self'"],
    'connect-src': unique(["'self'", files]),
    'img-src': ["'self'"],
    'frame-src': [origin(frame, 'the frame')],
  });
  return {
    'default-src': ["'none'"],
    ...(frame === undefined ? application : launcherAlone()),
    'base-uri': ["'none'"],
    'form-action': ["'self'"],
    'object-src': ["'none'"],
    ...(trustedTypes && { 'require-trusted-types-for': ["'script'"], 'trusted-types': ["'none'"] }),
  };
}

/** The policy as a header's value. */
export function contentSecurityPolicy(options) {
  return Object.entries(directives(options)).map(([name, sources]) => [name, ...sources].join(' ')).join('; ');
}

const unique = sources => [...new Set(sources)];
