// What one more message costs in short and long conversations (core/benches/thread.rs).
import { spawnSync } from 'node:child_process';

export function run() {
  const { status } = spawnSync('cargo', ['bench', '--quiet', '--locked', '-p', 'dm3-core', '--bench', 'thread'], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}
