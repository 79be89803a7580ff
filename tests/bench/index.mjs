// npm run bench -- <name> … [--option …]: runs tests/bench/<name>.mjs, one after the other; without a name it says which there are.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setup } from '../setup/index.mjs';

const known = readdirSync(fileURLToPath(new URL('.', import.meta.url)))
  .filter((file) => file.endsWith('.mjs') && file !== 'index.mjs')
  .map((file) => file.slice(0, -'.mjs'.length));

const args = process.argv.slice(2);
// What follows the names is for the benches themselves.
const firstOption = args.findIndex((arg) => arg.startsWith('--'));
const names = firstOption < 0 ? args : args.slice(0, firstOption);
const options = args.slice(names.length);
const unknown = names.filter((name) => !known.includes(name));
if (names.length === 0 || unknown.length > 0) {
  console.error(`usage: npm run bench -- <name> …   There are: ${known.join(', ')}`);
  process.exit(1);
}
setup('test');
for (const name of names) await (await import(`./${name}.mjs`)).run(options);
