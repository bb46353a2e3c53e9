// Envoy with the files of deploy/envoy.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { render, startDaemon } from './shipped.mjs';

/** The binary that tests/install installs. */
const ENVOY = process.env.ENVOY_BIN ?? fileURLToPath(new URL('../../.cache/envoy/envoy', import.meta.url));

/** The two shipped forms. */
export const ENVOY_GRPC = 'Envoy gRPC';
export const ENVOY_HTTP = 'Envoy HTTP';

const FILES = { [ENVOY_GRPC]: 'ext_authz_grpc.yaml', [ENVOY_HTTP]: 'ext_authz_http.yaml' };

/** Starts Envoy. `scopegate` holds the ports of each replica, `{ http, grpc }`. */
export async function startEnvoy({ form, scopegate, mcpPort, port, edit = (text) => text }) {
  const replacements = [
    ['address: 0.0.0.0, port_value: 8080', `address: 127.0.0.1, port_value: ${port}`],
    ['port_value: 5025', scopegate.map(({ http }) => `port_value: ${http}`)],
    ['port_value: 3000', `port_value: ${mcpPort}`],
  ];
  if (form === ENVOY_GRPC) replacements.push(['port_value: 9191', scopegate.map(({ grpc }) => `port_value: ${grpc}`)]);
  const file = FILES[form];
  return startDaemon({
    program: ENVOY,
    args: ['-c', file, '--concurrency', '1', '--log-level', 'warning', '--use-dynamic-base-id', '--file-flush-interval-msec', '100'],
    files: { [file]: edit(await render(path.join('envoy', file), replacements)) },
    port,
  });
}
