// The output of kustomize and Helm for deploy/kubernetes and deploy/helm.
import { parseAllDocuments } from 'yaml';
import { DEPLOY, installed, run } from './command.mjs';

const OVERLAYS = ['base', 'overlays/nginx-sidecar', 'overlays/envoy', 'overlays/multi-tenant'];

const EVERYTHING = [
  'image.digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', 'image.pullSecrets={registry}', 'existingSecret=scopegate-keys',
  'autoscaling.decisionsPerSecond=5000', 'podMonitor.enabled=true', 'podMonitor.labels.release=prometheus', 'prometheusRule.enabled=true',
  'podAnnotations.team=platform', 'podLabels.tier=edge', 'priorityClassName=critical', 'nodeSelector.pool=edge',
  'tolerations[0].key=edge', 'tolerations[0].operator=Exists', 'env[0].name=HTTPS_PROXY', 'env[0].value=http://proxy.example.com:3128',
];

const RELEASES = {
  'helm-default': [],
  'helm-everything': EVERYTHING,
  'helm-fixed': ['autoscaling.enabled=false', 'replicas=2', 'existingConfigMap=mine'],
};

/** The name of each rendering. */
export const NAMES = [...OVERLAYS.map((path) => `kustomize-${path.split('/').at(-1)}`), 'kustomize-decisions-autoscaling', ...Object.keys(RELEASES)];

/** The text of a rendering. */
export function render(name) {
  if (name in RELEASES) return template(RELEASES[name]);
  const path = OVERLAYS.find((overlay) => name === `kustomize-${overlay.split('/').at(-1)}`);
  return path ? kustomize(`${DEPLOY}kubernetes/${path}`) : kustomize(`${DEPLOY}../tests/deploy/decisions-autoscaling`);
}

/** The documents of a rendering. */
export async function documents(name) {
  return parseAllDocuments(await render(name)).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS();
  }).filter(Boolean);
}

/** The chart, rendered with `values`, `key=value` each. */
export function template(values) {
  const sets = values.flatMap((value) => ['--set', value]);
  return run(installed('go/helm'), ['template', 'scopegate', `${DEPLOY}helm/scopegate`, '--namespace', 'scopegate', '--kube-version', '1.37.0', ...sets]);
}

const kustomize = (folder) => run(installed('go/kustomize'), ['build', folder]);
