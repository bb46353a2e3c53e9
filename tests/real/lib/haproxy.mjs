// HAProxy with the files of deploy/haproxy.
import { freePort } from './port.mjs';
import { render, shipped, startDaemon } from './shipped.mjs';

export const HAPROXY = 'HAProxy';

/** Starts HAProxy in the foreground. */
export async function startHaproxy({ scopegate, mcpPort, port, edit = (text) => text }) {
  const replacements = [
    ['/etc/haproxy/scopegate.lua', shipped('haproxy/scopegate.lua')],
    ['127.0.0.1:5026', `127.0.0.1:${await freePort()}`],
    ['bind :8080', `bind 127.0.0.1:${port}`],
    ['server scopegate1 127.0.0.1:5025', scopegate.map(({ http }, i) => `server scopegate${i + 1} 127.0.0.1:${http}`)],
    ['127.0.0.1:3000', `127.0.0.1:${mcpPort}`],
  ];
  return startDaemon({
    program: 'haproxy',
    args: ['-db', '-f', 'haproxy.cfg'],
    files: { 'haproxy.cfg': edit(await render('haproxy/haproxy.cfg', replacements)) },
    port,
  });
}
