// Child processes that end with us, whatever happens to us, and free ports for them.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

/*
 * A shell stands between us and the program and holds one end of a pipe. When our end closes – because stop() ends
 * it, or because this process died in any way, SIGKILL included – the shell ends the program. Ctrl-C reaches the
 * whole terminal group; the shell ignores it, so that the order of shutdown stays ours.
 */
const SUPERVISOR = `
trap '' INT
"$@" 3<&- & pid=$!
{ read -r _ <&3; kill $pid; sleep 3; kill -9 $pid; } >/dev/null 2>&1 & watcher=$!
wait $pid; code=$?
kill $watcher 2>/dev/null
exit $code`;

/**
 * Starts a program that ends with this process at the latest.
 *
 * `onLine` gets each line of its standard output and error. The returned `exited` resolves with the exit code.
 */
export function startProcess(program, args, { env = process.env, onLine = () => {} } = {}) {
  const child = spawn('/bin/sh', ['-c', SUPERVISOR, 'sh', program, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const lifeline = child.stdio[3];
  lifeline.on('error', () => {}); // the program may be gone first
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) onLine(line);
    });
  }
  const handle = { running: true, exited: null, stop: null };
  handle.exited = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      handle.running = false;
      lifeline.destroy();
      resolve(code ?? signal);
    });
  });
  handle.stop = async () => {
    lifeline.end();
    await handle.exited;
  };
  return handle;
}

/** A TCP port on 127.0.0.1 that nobody listens on at the moment. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Calls `probe` until it returns something truthy, and returns that. Gives up with the last error. */
export async function waitFor(what, probe, { timeout = 60_000, interval = 25 } = {}) {
  const deadline = Date.now() + timeout;
  let last;
  for (;;) {
    try {
      const value = await probe();
      if (value) return value;
    } catch (error) {
      if (error?.final) throw error;
      last = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`${what} did not come up within ${timeout / 1000} s${last ? `: ${last.message}` : ''}`);
    }
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}
