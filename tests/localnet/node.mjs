// One dm3 node of the local network: its configuration, its keys, and starting and stopping it.

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CARGO_TARGET, clockLibrary } from '../setup/index.mjs';
import { startProcess, waitFor } from './process.mjs';

function nodeProgram(release) {
  const program = join(CARGO_TARGET, release ? 'release' : 'debug', 'dm3-node');
  const command = `cargo build -p dm3-node${release ? ' --release' : ''}`;
  if (!existsSync(program)) throw new Error(`${program} is missing: run "${command}" first`);
  return program;
}

/** JSON strings of plain ASCII values are TOML strings too. */
const toml = (values) =>
  Object.entries(values)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
    .join('');

/** The environment may set keys of a node, too (`DM3_NODE_…`); ours is told everything by its file. */
function cleanEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('DM3_NODE_')));
}

/** What a program is told whose clock is so wrong as that file says. It may change while the program runs. */
const clockOf = (file) => ({
  LD_PRELOAD: clockLibrary(),
  FAKETIME_TIMESTAMP_FILE: file,
  FAKETIME_CACHE_DURATION: '1',
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
  NO_FAKE_STAT: '1',
});

/** Fresh secrets for a node: they live as long as the local network. */
export function makeNodeSecrets() {
  return {
    signingSeed: randomBytes(32).toString('base64'),
    gatewayPrivateKey: `0x${randomBytes(32).toString('hex')}`,
  };
}

/**
 * Writes the configuration and returns the node, not yet started.
 *
 * `keys()` asks the program itself which public keys the configuration gives, `start()` and `stop()` may alternate:
 * port and data stay the same. With `release` it is the program as operators run it, which is faster; with `clock` its clock can
 * be set.
 */
export async function configureNode({ folder, port, settings, release = false, clock = false, log = () => {} }) {
  const program = nodeProgram(release);
  const clockFile = join(folder, 'clock');
  const env = { ...cleanEnvironment(), ...(clock && clockOf(clockFile)) };
  const url = `http://127.0.0.1:${port}`;
  const config = join(folder, 'node.toml');
  await writeFile(
    config,
    toml({
      listen: `127.0.0.1:${port}`,
      public_url: url,
      database: join(folder, 'node.sqlite'),
      ...settings,
    }),
    { mode: 0o600 },
  );

  /** Puts its clock so many milliseconds ahead of the machine's, or behind it. Also while it runs, within a second. */
  async function setClock(offset) {
    // Renamed into place, so that it is never read half.
    await writeFile(`${clockFile}.half`, `${offset < 0 ? '' : '+'}${offset / 1000}s\n`);
    await rename(`${clockFile}.half`, clockFile);
    if (running) await new Promise((resolve) => setTimeout(resolve, 1_500));
  }

  let running = null;
  if (clock) await setClock(0);
  return {
    url,
    setClock,

    async keys() {
      const { stdout } = await promisify(execFile)(program, ['--config', config, 'keys'], { cwd: folder, env });
      return JSON.parse(stdout);
    },

    /** What `dm3-node check` says about the deployment; rejects with that text if a part is wrong. */
    async check() {
      const run = promisify(execFile)(program, ['--config', config, 'check'], { cwd: folder, env });
      const { stdout } = await run.catch(({ stdout, stderr }) => {
        throw new Error(`${stdout}${stderr}`);
      });
      return stdout;
    },

    /** What its operator asks for beside it, such as `registration stop`. */
    async operate(...task) {
      const { stdout } = await promisify(execFile)(program, ['--config', config, 'admin', '--as', 'tests', ...task], { cwd: folder, env });
      return stdout;
    },

    async start() {
      if (running) return;
      const tail = [];
      let ready = false;
      const child = startProcess(program, ['--config', config], {
        env,
        onLine(line) {
          log(`node: ${line}`);
          ready ||= line.includes('listening on');
          tail.push(line);
          if (tail.length > 20) tail.shift();
        },
      });
      running = child;
      try {
        await waitFor('the node', async () => {
          if (!child.running) {
            throw Object.assign(new Error(`the node ended at once:\n${tail.join('\n')}`), { final: true });
          }
          return ready;
        });
      } catch (error) {
        running = null;
        await child.stop();
        throw error;
      }
    },

    async stop() {
      const child = running;
      running = null;
      await child?.stop();
    },
  };
}
