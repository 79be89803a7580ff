// Bars as an SVG that is dark where the reader's system is.

const [LEFT, WIDTH, BAR, GAP, HEAD] = [200, 720, 22, 10, 34];

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Groups, `[{ title, values: [{ name, value, words }] }]`; the first bar of each is the own one. */
export function bars(groups) {
  const lines = [];
  let y = 0;
  for (const { title, values } of groups) {
    const most = Math.max(...values.map(({ value }) => value));
    lines.push(`<text class="title" x="0" y="${y + 20}">${escaped(title)}</text>`);
    y += HEAD;
    for (const [i, { name, value, words }] of values.entries()) {
      const width = Math.max(2, (value / most) * (WIDTH - LEFT - 70));
      const middle = y + BAR / 2 + 4;
      lines.push(`<text x="${LEFT - 10}" y="${middle}" text-anchor="end">${escaped(name)}</text>`);
      lines.push(`<rect class="${i === 0 ? 'own' : 'other'}" x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="4"/>`);
      lines.push(`<text x="${(LEFT + width + 8).toFixed(1)}" y="${middle}">${escaped(words)}</text>`);
      y += BAR + GAP;
    }
    y += GAP;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" font-family="system-ui, sans-serif" font-size="13">
<style>text{fill:#1f2937}.title{font-weight:600;font-size:14px}.own{fill:#4f46e5}.other{fill:#9ca3af}@media(prefers-color-scheme:dark){text{fill:#e5e7eb}.own{fill:#818cf8}.other{fill:#6b7280}}</style>
${lines.join('\n')}
</svg>
`;
}
