// Texts that somebody sends to break what others see, to run in their page, or to seem what they are not.

/** How long the longest word is: ten megabytes, which a node takes whose operator allows it (`NODE_SETTINGS`). */
const TEN_MEGABYTES = 10_000_000;

/** What a node is set to that takes them: the largest limit there is. */
export const NODE_SETTINGS = { size_limit: 20_000_000 };

/** What a script of theirs would do, if one ran. */
const RUN = 'window.ran=true';

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" onload="${RUN}"><script>${RUN}</script><a xlink:href="javascript:${RUN}"><text y="9">x</text></a></svg>`;

/** Marks that begin and never end, one in the other, as many as a text with marks may have. */
const bomb = () =>
  [
    // Of a long text the beginning is shown.
    `${'> '.repeat(2_000)}deep`,
    '['.repeat(8_000),
    '*_~~'.repeat(4_000),
    '`'.repeat(7_999),
    '![['.repeat(2_000),
    '[a](https://a.example/'.repeat(300),
    `${'- '.repeat(2_000)}deep`,
    '# # # # # #\n'.repeat(200),
  ].join('\n');

/**
 * Each text, and what of it is looked for where it is shown.
 * `reaction: false`: as a reaction it is not shown, though it is short. `unbreakable`: what is wider than any line, and cut off there. `long`: too long for the name of a file.
 */
export const HOSTILE = [
  { name: 'a script', text: `<script>${RUN}</script>`, shown: `<script>${RUN}</script>` },
  {
    name: 'HTML that loads, sends and covers',
    text: `<img src=x onerror="${RUN}"><iframe srcdoc="<script>parent.ran=true</script>"></iframe><form action=https://evil.example><input autofocus onfocus="${RUN}"></form><style>*{display:none}</style><div style="position:fixed;inset:0">`,
    shown: '<img src=x onerror=',
  },
  { name: 'a drawing', text: SVG, shown: '<svg xmlns=' },
  {
    name: 'addresses that are programs',
    text: `[bank](javascript:${RUN}) ![p](data:image/svg+xml,${encodeURIComponent(SVG)}) javascript:${RUN} [d](data:text/html,<script>opener.ran=true</script>) <javascript:${RUN}> [v](vbscript:x) [b](blob:null/x) [f](file:///etc/passwd)`,
    shown: 'bank',
  },
  { name: 'a program as an address alone', text: `javascript:${RUN}`, shown: `javascript:${RUN}` },
  {
    name: 'letters that turn the direction and never turn it back',
    text: '\u202e\u2067\u202etxt.exe\u2066 https://evil.example/\u202egnp.exe \u202e\u202e\u202e',
    shown: 'txt.exe',
  },
  {
    name: 'a name with what can not be seen',
    text: 'al\u200bi\u200dc\u2060e\ufeff.e\u00adth\u034f\u115f\u3164',
    shown: 'al\u200bi\u200dc\u2060e\ufeff.e\u00adth',
  },
  { name: 'marks above marks', text: `Z${'\u0336\u0489\u0315\u0300'.repeat(2_000)}algo`, shown: 'algo', unbreakable: true },
  { name: 'a thousand emoji', text: '👩🏽‍❤️‍💋‍👨🏿'.repeat(1_000), shown: '👩🏽‍❤️‍💋‍👨🏿' },
  { name: 'halves of letters', text: 'half \ud83d and \udc4d the other', shown: 'the other', reaction: false },
  { name: 'a bomb of marks', text: bomb(), shown: 'deep' },
  { name: 'nothing but new lines', text: `${'\n'.repeat(5_000)}below`, shown: 'below' },
  { name: 'a word of ten megabytes', text: 'w'.repeat(TEN_MEGABYTES), shown: 'w'.repeat(100), unbreakable: true, long: true },
];
