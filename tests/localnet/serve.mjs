// The page server: www/, dist/ and dist-gallery/ under the strict Content-Security-Policy that the element promises to work with,
// and the documentation, once it was made, under one of its own.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { playgroundPlace, playgroundScript } from '../../docs/site/playground.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const MIME_TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/**
 * Nothing but the element's own code runs, and no text becomes code or markup: Trusted Types with no policy at all.
 * Requests go to the node and the chain alone, and to `others`, other nodes, where a page allows more.
 */
export function contentSecurityPolicy({ nodeUrl, rpcUrl }, others = []) {
  const nodes = [nodeUrl, ...others].filter(Boolean);
  const hosts = ["'self'", ...nodes, ...nodes.map((url) => url.replace(/^http/, 'ws')), rpcUrl].filter(Boolean);
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    `connect-src ${hosts.join(' ')}`,
    "img-src 'self' data: blob:",
    'media-src blob:',
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

/** The documentation's pages have scripts and styles in them; those scripts, and no others, may run. */
export function documentationPolicy(html) {
  const inline = [...html.matchAll(/<script[^>]*>([^<]+)<\/script>/g)].map(([, text]) => text);
  const hashes = inline.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  return [
    "default-src 'self'",
    ["script-src 'self'", ...hashes].join(' '),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
  ].join('; ');
}

const FIRST_SCRIPT = '/first.js';

/** The server's own two origins: a page at the one, the frame of the isolated mode at the other. */
const originsAt = (port) => ['127.0.0.1', 'localhost'].map((host) => `http://${host}:${port}`);

/** The frame's page as an operator would write it, for pages of this server. */
async function framePage(origins) {
  const html = await readFile(join(ROOT, 'dist/dm3-chat-frame.html'), 'utf8');
  return html.replace('embedders" content=""', `embedders" content="${origins.join(' ')}"`).replaceAll('"./', '"/dist/');
}

/** Folders that are served under a path of their own; everything else is in www/. */
const FOLDERS = { '/dist/': 'dist', '/gallery/': 'dist-gallery', '/docs/': 'dist-docs' };

/** The file for a request path, or null for anything outside the folders. */
function fileFor(path) {
  let decoded;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return null;
  }
  if (decoded.includes('\0') || decoded.includes('\\') || decoded.split('/').includes('..')) return null;
  const prefix = Object.keys(FOLDERS).find((prefix) => decoded.startsWith(prefix));
  const [folder, rest] = prefix ? [FOLDERS[prefix], decoded.slice(prefix.length - 1)] : ['www', decoded];
  const base = join(ROOT, folder);
  const file = normalize(join(base, rest.endsWith('/') ? `${rest}index.html` : rest));
  return file.startsWith(base + sep) ? file : null;
}

/**
 * Serves the pages for a running local network, on `port` when it is free and else on any free one.
 *
 * `/localnet.json` tells the pages where everything is. It has no private keys: the chain itself signs for its
 * development accounts. `first` is a script (a file) that runs first in every page: what tests want to watch. `others`
 * are hosts that the pages may reach beside the node and the chain. `cacheControl` says how long a browser may keep a page.
 */
export async function servePages({ net, port = 0, first, others, cacheControl = 'no-store' }) {
  const description = JSON.stringify({
    rpcUrl: net.rpcUrl,
    nodeUrl: net.nodeUrl,
    chainId: net.chainId,
    stakes: net.stakes,
    accounts: net.accounts.map(({ label, address, name }) => ({ label, address, name })),
  });
  const place = playgroundPlace({ ...net, echo: net.echo?.name, element: '/dist/dm3-chat.js' });
  const policy = contentSecurityPolicy(net, others);
  const server = createServer(async (request, response) => {
    const headers = { 'content-security-policy': policy, 'x-content-type-options': 'nosniff', 'cache-control': cacheControl };
    const answer = (status, type, body) =>
      response.writeHead(status, { ...headers, 'content-type': type }).end(request.method === 'HEAD' ? '' : body);
    const text = (status, body) => answer(status, 'text/plain; charset=utf-8', body);
    if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'Only GET and HEAD');
    const path = request.url.split('?', 1)[0];
    if (path === '/localnet.json') return answer(200, MIME_TYPES['.json'], description);
    if (['/try/try.json', '/docs/try/try.json'].includes(path)) return answer(200, MIME_TYPES['.json'], place);
    // As the site of the documentation has it: one file, with the wallet in it.
    if (path === '/try/try.js') return answer(200, MIME_TYPES['.js'], await playgroundScript());
    if (first && path === FIRST_SCRIPT) return answer(200, MIME_TYPES['.js'], await readFile(first));
    const origins = originsAt(server.address().port).join(' ');
    if (path === '/isolated.html') headers['content-security-policy'] += `; frame-src ${origins}`;
    if (path === '/frame.html') {
      headers['content-security-policy'] += `; frame-ancestors ${origins}`;
      return answer(200, MIME_TYPES['.html'], await framePage(origins.split(' ')));
    }
    const file = fileFor(path);
    const found = file && (await stat(file).catch(() => null));
    if (!found?.isFile()) return text(404, 'Not found');
    if (path.startsWith('/docs/') && !path.startsWith('/docs/try/') && extname(file) === '.html') {
      const html = await readFile(file, 'utf8');
      response.setHeader('content-type', MIME_TYPES['.html']);
      response.setHeader('content-security-policy', documentationPolicy(html));
      return response.end(request.method === 'HEAD' ? '' : html);
    }
    if (first && extname(file) === '.html') {
      const html = await readFile(file, 'utf8');
      return answer(200, MIME_TYPES['.html'], html.replace('<head>', `<head><script src="${FIRST_SCRIPT}"></script>`));
    }
    response.writeHead(200, {
      ...headers,
      'content-type': MIME_TYPES[extname(file)] ?? 'application/octet-stream',
      'content-length': found.size,
    });
    if (request.method === 'HEAD') return response.end();
    return createReadStream(file)
      .on('error', () => response.destroy())
      .pipe(response);
  });

  const listen = (wanted) =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(wanted, '127.0.0.1', () => resolve(server.off('error', reject).address().port));
    });
  const bound = await listen(port).catch((error) => {
    if (error.code !== 'EADDRINUSE') throw error;
    return listen(0);
  });
  return {
    url: `http://127.0.0.1:${bound}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
