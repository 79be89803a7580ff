// Tables of docs/performance.md that a bench writes between two equal marks.
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const REPORT = fileURLToPath(new URL('../../../docs/performance.md', import.meta.url));

/** What it was measured on. */
export function machine(browser) {
  return `${cpus()[0].model} (${cpus().length} cores), Chromium ${browser.version()}`;
}

/** Prints and keeps tables: rows, the first of which are the headings. */
export async function report(mark, intro, tables) {
  const text = [intro, ...tables.map(markdown)].join('\n\n');
  console.log(`\n${text}`);
  const [before, , after] = (await readFile(REPORT, 'utf8')).split(mark);
  if (after === undefined) throw new Error(`docs/performance.md has no two marks ${mark}`);
  await writeFile(REPORT, `${before}${mark}\n\n${text}\n\n${mark}${after}`);
}

function markdown(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(rows[0]), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.slice(1).map(line)].join('\n');
}
