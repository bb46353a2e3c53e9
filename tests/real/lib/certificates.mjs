// Certificates for a test, made by openssl in a temporary folder.
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];

/** An empty folder for certificates, with a method for each kind. */
export async function certificates() {
  const folder = await mkdtemp(path.join(tmpdir(), 'scopegate-tls-'));
  await chmod(folder, 0o755);
  // Without this file openssl would use the system's configuration.
  await writeFile(path.join(folder, 'openssl.cnf'), '[req]\ndistinguished_name = dn\n[dn]\n');
  return new Certificates(folder);
}

class Certificates {
  constructor(folder) {
    this.folder = folder;
  }

  /** The path of a file in the folder. */
  file(name) {
    return path.join(this.folder, name);
  }

  /** Makes an authority: `NAME.crt` and `NAME.key`. */
  async authority(name) {
    await this.#make(name, ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign']);
  }

  /** Makes a certificate for a host, signed by an authority: `NAME.crt` and `NAME.key`. */
  async sign(name, { by, host }) {
    await this.#make(name, ['basicConstraints=critical,CA:FALSE', `subjectAltName=DNS:${host}`], ['-CA', this.file(`${by}.crt`), '-CAkey', this.file(`${by}.key`)]);
  }

  async stop() {
    await rm(this.folder, { recursive: true, force: true });
  }

  async #make(name, extensions, signed = []) {
    const files = ['-config', this.file('openssl.cnf'), '-keyout', this.file(`${name}.key`), '-out', this.file(`${name}.crt`)];
    await run('openssl', ['req', '-x509', ...KEY, ...files, '-subj', `/CN=${name}`, ...extensions.flatMap((one) => ['-addext', one]), ...signed]);
  }
}
