// The account of the local network that answers every message with the same text: the core's example program.

import { startExample } from './program.mjs';

/** Starts it for a running network; resolves when it can be written to. */
export async function startEcho(net) {
  const running = await startExample('echo_bot', [net.nodeUrl], { DM3_PRIVATE_KEY: net.echo.privateKey });
  if (running.line !== `${net.echo.address} echoes`) {
    await running.stop();
    throw new Error(`the echo did not start: ${running.line}`);
  }
  return running;
}
