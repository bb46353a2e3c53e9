// Caddy with the file of deploy/caddy.
import { render, startDaemon } from './shipped.mjs';

export const CADDY = 'Caddy';

/** Starts Caddy. Its administration endpoint and its own certificates are disabled, so that several can run at once. */
export async function startCaddy({ scopegate, mcpPort, port, edit = (text) => text }) {
  const replacements = [
    ['\tservers {', ['\tadmin off', '\tauto_https off', '\tservers {']],
    [':8080 {', `http://127.0.0.1:${port} {\n\tbind 127.0.0.1`],
    ['127.0.0.1:5025', scopegate.map(({ http }) => `127.0.0.1:${http}`).join(' ')],
    ['127.0.0.1:3000', `127.0.0.1:${mcpPort}`],
  ];
  return startDaemon({
    program: 'caddy',
    args: ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
    files: { Caddyfile: edit(await render('caddy/Caddyfile', replacements)) },
    port,
    env: { XDG_DATA_HOME: '.', XDG_CONFIG_HOME: '.' },
  });
}
