// Files of deploy/ that are copied from others, since kustomize and Helm read only their own folders.
import { readFile } from 'node:fs/promises';
import { shipped } from '../../real/lib/shipped.mjs';

const text = (file) => readFile(shipped(file), 'utf8');

/** `[file, text]` for each file, with the text that it must have. */
export async function derivedFiles() {
  const rules = await text('prometheus/rules.yaml');
  return [
    ['kubernetes/components/prometheus/rules.yaml', prometheusRule(rules)],
    ['helm/scopegate/files/rules.yaml', rules],
    ['kubernetes/overlays/nginx-sidecar/scopegate.conf', replaced(await text('nginx/lua.conf'), [
      ['server 127.0.0.1:3000; ', 'server mcp-server.mcp:3000; '],
      ['/etc/nginx/scopegate.lua;', '/etc/scopegate-nginx/scopegate.lua;'],
    ])],
    ['kubernetes/overlays/envoy/envoy.yaml', replaced(await text('envoy/ext_authz_grpc.yaml'), [
      ['address: 127.0.0.1, port_value: 9191', 'address: scopegate-pods, port_value: 9191'],
      ['address: 127.0.0.1, port_value: 5025', 'address: scopegate, port_value: 5025'],
      ['address: 127.0.0.1, port_value: 3000', 'address: mcp-server.mcp, port_value: 3000'],
    ])],
  ];
}

function prometheusRule(rules) {
  const head = `# The rules of deploy/prometheus/rules.yaml.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: scopegate
  namespace: scopegate
  labels: {app.kubernetes.io/name: scopegate}
spec:
`;
  return head + rules.replace(/^(?=.)/gm, '  ');
}

function replaced(from, pairs) {
  return pairs.reduce((all, [old, now]) => {
    if (!all.includes(old)) throw new Error(`\`${old}\` does not occur`);
    return all.replaceAll(old, now);
  }, from);
}
