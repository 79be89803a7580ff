// Steps of a long command: each says that it begins, shows what its programs print, and how long it took.

import { spawn } from 'node:child_process';
import { ROOT } from './index.mjs';

const PREFIX_WIDTH = 8;

/** `12.3 s`, or `2 min 5 s` from a minute on. */
function inWords(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Takes the time of steps, also of those that run side by side. */
export class Steps {
  #started = performance.now();
  #done = [];

  /** Runs `task` as a step of this name; resolves with its value. */
  async step(name, task) {
    const started = performance.now();
    try {
      return await task();
    } finally {
      this.#done.push([name, performance.now() - started]);
    }
  }

  /** Lines with the time of each step and of all together. */
  report() {
    const rows = [...this.#done, ['all', performance.now() - this.#started]];
    const width = Math.max(...rows.map(([name]) => name.length));
    return rows.map(([name, time]) => `  ${name.padEnd(width)}  ${inWords(time).padStart(12)}`).join('\n');
  }
}

/**
 * Runs a program to its end and shows its lines, each behind `label`: what runs side by side can be told apart.
 *
 * Rejects when it fails.
 */
export function runLabelled(label, program, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // When another step fails, nothing of this one goes on in the background.
    const end = () => child.kill();
    process.on('exit', end);
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream.setEncoding('utf8').on('data', (text) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop();
        for (const line of lines) console.log(`${label.padEnd(PREFIX_WIDTH)}│ ${line}`);
      });
      stream.on('end', () => rest && console.log(`${label.padEnd(PREFIX_WIDTH)}│ ${rest}`));
    }
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('exit', end);
      if (code === 0) resolve();
      else reject(new Error(`${[program, ...args].join(' ')}: ${signal ?? `exit code ${code}`}`));
    });
  });
}
