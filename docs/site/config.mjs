// How the site is arranged, and its first page.

const page = (text, name) => ({ text, link: `/${name}` });

/** A page beside those of the site, with a policy of its own. */
const PLAYGROUND = { text: 'Try it', link: '/try/index.html', target: '_self' };

const MENU = [
  {
    text: 'Embedding',
    items: [
      page('Quick start and frameworks', 'embedding'),
      page('Reference', 'reference'),
      page('Theming', 'theming'),
      page('Policy', 'policy'),
      page('Browsers', 'browsers'),
      page('Wallets', 'wallets'),
      page('Coming from another chat', 'migration'),
    ],
  },
  { text: 'Security', items: [page('What is checked', 'security'), page('The node’s defences', 'node-security')] },
  {
    text: 'Running a node',
    items: [
      page('Operating', 'operating'),
      page('Routes', 'node-routes'),
      page('Limits', 'node-limits'),
      page('Deposits', 'deposits'),
      page('Scale', 'scale'),
    ],
  },
  {
    text: 'Inside',
    items: [
      page('The protocol in short', 'protocol'),
      page('Architecture', 'architecture'),
      page('Performance', 'performance'),
      page('Simulation', 'simulation'),
      page('Storage format', 'storage-format'),
      page('Backup format', 'backup-format'),
    ],
  },
  { text: 'Changelog', items: [page('What is new', 'changelog')] },
];

/** The menu over these pages, `[{ name, title }]`: those without a place of their own come last. */
export function menu(pages) {
  const placed = MENU.flatMap(({ items }) => items.map(({ link }) => link));
  const others = pages.map(({ name, title }) => page(title, name)).filter(({ link }) => !placed.includes(link));
  return others.length === 0 ? MENU : [...MENU, { text: 'More', items: others }];
}

export const config = {
  title: 'dm3-chat',
  description: 'Wallet-to-wallet, end-to-end encrypted chat in any web page',
  base: '/docs/',
  lang: 'en',
  cleanUrls: false,
  head: [['link', { rel: 'icon', href: '/docs/icon.svg', type: 'image/svg+xml' }]],
  themeConfig: {
    logo: '/icon.svg',
    // Made with the site; nothing is asked for elsewhere.
    search: { provider: 'local' },
    nav: [PLAYGROUND, page('Quick start', 'embedding'), page('Reference', 'reference'), page('Security', 'security'), page('Changelog', 'changelog')],
  },
};

export const home = `---
layout: home
hero:
  name: dm3-chat
  text: Chat from wallet to wallet, in any web page
  tagline: End-to-end encrypted, over an open protocol. One element, one node, no account to make.
  image: { src: /icon.svg, alt: '' }
  actions:
    - { theme: brand, text: Quick start, link: /embedding }
    - { theme: alt, text: Try it without a wallet, link: /try/index.html, target: _self }
    - { theme: alt, text: Reference, link: /reference }
features:
  - { title: Drop it anywhere, details: 'A custom element: plain HTML, React, Vue, Svelte, Angular, Next, Astro, WordPress.' }
  - { title: Only the two of you, details: 'Keys come from the wallet and stay in the browser. The node sees sealed messages.' }
  - { title: A strict policy is enough, details: 'No inline scripts, no inline styles, Trusted Types, and the node as the only further host.' }
---

<picture>
  <source media="(prefers-color-scheme: dark)" srcset="./picture-dark.webp" />
  <img src="./picture-light.webp" alt="One signs in and writes, the other answers" width="840" height="608" />
</picture>

\`\`\`html
<script type="module" src="/dm3-chat/dm3-chat.js"></script>
<dm3-chat node="https://node.example" to="shop.eth"></dm3-chat>
\`\`\`
`;
