// nginx with the files of deploy/nginx.
import path from 'node:path';
import { render, shipped, startDaemon } from './shipped.mjs';

const MODULES = '/usr/lib/nginx/modules';

/** The two shipped forms, by the names of their files. */
export const AUTH_REQUEST = 'auth_request.conf';
export const LUA = 'lua.conf';
export const FORMS = [AUTH_REQUEST, LUA];

/**
 * Starts nginx with one of the shipped files.
 *
 * - `scopegate`: the ports of each replica, `{ http }`; `mcpPort`: where the MCP server listens
 * - `port`: where clients connect
 * - `edit`: applied to the text last, for the lines that the file itself says to uncomment
 */
export async function startNginx({ form, scopegate, mcpPort, port, edit = (text) => text }) {
  const replacements = [
    ['server 127.0.0.1:5025 ', scopegate.map(({ http }) => `server 127.0.0.1:${http} `)],
    ['server 127.0.0.1:3000;', `server 127.0.0.1:${mcpPort};`],
    ['listen 8080;', `listen 127.0.0.1:${port};`],
  ];
  if (form === LUA) replacements.push(['/etc/nginx/scopegate.lua', shipped('nginx/scopegate.lua')]);
  return startDaemon({
    program: 'nginx',
    args: ['-p', '.', '-c', 'nginx.conf', '-e', 'stderr'],
    files: { 'nginx.conf': AROUND, 'site.conf': edit(await render(path.join('nginx', form), replacements)) },
    port,
  });
}

/** The nginx.conf around a file of conf.d, kept inside one folder. */
const AROUND = `
load_module ${MODULES}/ndk_http_module.so;
load_module ${MODULES}/ngx_http_lua_module.so;
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  include site.conf;
}
`;
