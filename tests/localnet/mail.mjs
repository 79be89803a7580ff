// A mail server that takes everything, for tests of a node that sends mail: as much of SMTP (RFC 5321) as that needs.

import { once } from 'node:events';
import { createServer } from 'node:net';

/** Starts it. `mails` are `{ to, text }`, in the order in which they came. */
export async function startMailServer() {
  const mails = [];
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const say = (line) => socket.write(`${line}\r\n`);
    let rest = '';
    let mail = { to: [], text: null };
    say('220 mail.test');
    socket.setEncoding('utf8').on('data', (chunk) => {
      const lines = (rest + chunk).split('\r\n');
      rest = lines.pop();
      for (const line of lines) {
        if (mail.text !== null) {
          if (line !== '.') {
            mail.text += `${line}\n`;
            continue;
          }
          mails.push({ to: mail.to.join(', '), text: mail.text });
          mail = { to: [], text: null };
          say('250 taken');
          continue;
        }
        const [command] = line.split(/[ :]/);
        switch (command.toUpperCase()) {
          case 'RCPT':
            mail.to.push(/<(.*)>/.exec(line)?.[1]);
            say('250 ok');
            break;
          case 'DATA':
            mail.text = '';
            say('354 go on');
            break;
          case 'QUIT':
            say('221 bye');
            socket.end();
            break;
          default:
            say('250 ok');
        }
      }
    });
    // Whoever hangs up has what they wanted.
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    mails,
    port: server.address().port,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
