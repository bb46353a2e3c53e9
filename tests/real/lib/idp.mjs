// A real OpenID provider (npm oidc-provider) on loopback: RFC 9068 access tokens through RFC 8707 resource indicators.
// It can rotate its keys, stop and restart on the same port, and it counts the requests to it.
import http from 'node:http';
import { createHash, randomBytes } from 'node:crypto';
import { SignJWT, exportJWK, generateKeyPair, importJWK } from 'jose';
import { Provider, errors } from 'oidc-provider';
import { freePort } from './port.mjs';

export const RESOURCE = 'https://mcp.example.com/mcp';
export const SCOPES = ['mcp:connect', 'mcp:tools:read', 'mcp:tools:execute'];

const LOOPBACK = '127.0.0.1';
export const SECRET = 'a-client-secret-of-0123456789abcdef0123456789abcdef';
export const CALLBACK = 'http://127.0.0.1:7777/callback';

/**
 * Starts a provider.
 *
 * - `algs`: the algorithms that it has a signing key for; the key of `RS256` has the kid `rs256-1`, and so on
 * - `scopes`: what its resource servers know
 * - `resource`: the resource identifiers that tokens can be asked for, one or many
 * - `ttl`: seconds that access tokens live
 * - `clientId`: the client's own id, which becomes the audience of its ID tokens
 */
export async function startIdp({ algs = ['ES256'], scopes = SCOPES, resource = RESOURCE, ttl = 300, clientId = 'm2m' } = {}) {
  const idp = new Idp({ scopes, resources: [resource].flat(), ttl, clientId });
  for (const alg of algs) idp.keys.set(alg, [await newKey(alg, `${alg.toLowerCase()}-1`)]);
  await idp.listen(await freePort());
  return idp;
}

class Idp {
  keys = new Map();
  /** Requests by path, `/jwks` among them. */
  requests = new Map();
  #options;
  #server;
  #answer;
  #rotations = 1;

  constructor(options) {
    this.#options = options;
  }

  get issuer() {
    return `http://${LOOPBACK}:${this.port}`;
  }

  get jwksUrl() {
    return `${this.issuer}/jwks`;
  }

  get discoveryUrl() {
    return `${this.issuer}/.well-known/openid-configuration`;
  }

  get jwksFetches() {
    return this.requests.get('/jwks') ?? 0;
  }

  /** The public half of every published key. */
  get publicKeys() {
    return [...this.keys.values()].flat().map(({ d, p, q, dp, dq, qi, ...rest }) => rest);
  }

  async listen(port) {
    this.#server = http.createServer((request, response) => {
      const { pathname } = new URL(request.url, this.issuer);
      this.requests.set(pathname, (this.requests.get(pathname) ?? 0) + 1);
      this.#answer(request, response);
    });
    await new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(port, LOOPBACK, resolve);
    });
    this.port = this.#server.address().port;
    this.#answer = this.#provider().callback();
  }

  /** Stops: connections are refused until `restart`. */
  async stop() {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** Restarts with the same keys, issuer and port. */
  async restart() {
    await this.listen(this.port);
  }

  /**
   * Makes a new key for `alg`: new tokens are signed with it at once.
   * `kid: 'same'` keeps the name of the key before it; `keepOld` goes on publishing that key.
   */
  async rotate({ alg = this.#firstAlg(), kid, keepOld = false } = {}) {
    const [old] = this.keys.get(alg);
    this.#rotations += 1;
    const name = kid === 'same' ? old.kid : (kid ?? `${alg.toLowerCase()}-${this.#rotations}`);
    const fresh = await newKey(alg, name);
    this.keys.set(alg, keepOld ? [fresh, old] : [fresh]);
    this.#answer = this.#provider().callback();
    return name;
  }

  /** An access token by `client_credentials`. Without a resource (`null`) it is opaque. */
  async token({ alg = this.#firstAlg(), scope = this.#options.scopes.join(' '), resource = this.#options.resources[0], ttl } = {}) {
    const body = new URLSearchParams({ grant_type: 'client_credentials', scope });
    if (resource) body.set('resource', resource);
    const headers = { 'x-sign-alg': alg, 'x-token-ttl': String(ttl ?? this.#options.ttl) };
    const { access_token: token } = await this.#tokenEndpoint(body, headers);
    return token;
  }

  /** The access token and the ID token of a user who went through the authorization code flow. */
  async userTokens({ scope = `openid ${this.#options.scopes.join(' ')}`, resource = this.#options.resources[0], login = 'alice' } = {}) {
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      client_id: this.#options.clientId,
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope,
      resource,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    const code = await this.authorize(`${this.issuer}/auth?${query}`, login);
    const body = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier, resource });
    return this.#tokenEndpoint(body, { 'x-sign-alg': this.#firstAlg(), 'x-token-ttl': String(this.#options.ttl) });
  }

  /**
   * A token that the provider would never sign, signed with its key. `claims` and `header` override those of a good
   * token.
   */
  async sign({ alg = this.#firstAlg(), claims = {}, header = {} } = {}) {
    const [jwk] = this.keys.get(alg);
    const now = Math.floor(Date.now() / 1000);
    const good = {
      iss: this.issuer,
      aud: this.#options.resources[0],
      sub: 'alice',
      client_id: this.#options.clientId,
      scope: this.#options.scopes.join(' '),
      iat: now,
      exp: now + this.#options.ttl,
      jti: randomBytes(8).toString('hex'),
    };
    return new SignJWT({ ...good, ...claims })
      .setProtectedHeader({ alg, typ: 'at+jwt', kid: jwk.kid, ...header })
      .sign(await importJWK(jwk, alg));
  }

  #firstAlg() {
    return this.keys.keys().next().value;
  }

  async #tokenEndpoint(body, headers) {
    const basic = Buffer.from(`${encodeURIComponent(this.#options.clientId)}:${SECRET}`).toString('base64');
    const response = await fetch(`${this.issuer}/token`, { method: 'POST', headers: { ...headers, authorization: `Basic ${basic}` }, body });
    const reply = await response.json();
    if (!response.ok) throw new Error(`token endpoint: ${response.status} ${JSON.stringify(reply)}`);
    return reply;
  }

  /** Does in the browser what a user does at this URL: logs in and consents. Returns the authorization code. */
  async authorize(start, login = 'alice') {
    const jar = new CookieJar();
    let url = start;
    for (let step = 0; step < 12; step += 1) {
      let response = await jar.fetch(url);
      if (response.status === 200) {
        const form = await response.text();
        const prompt = form.match(/name="prompt" value="([^"]+)"/)?.[1];
        const action = new URL(form.match(/action="([^"]+)"/)?.[1], url);
        response = await jar.fetch(action, { method: 'POST', body: new URLSearchParams({ prompt, login, password: 'any' }) });
      }
      const next = response.headers.get('location');
      if (!next) throw new Error(`the provider stopped at ${url} with ${response.status}`);
      url = new URL(next, url).href;
      if (url.startsWith(CALLBACK)) return new URL(url).searchParams.get('code');
    }
    throw new Error('the provider redirects for ever');
  }

  #provider() {
    const { scopes, resources, ttl, clientId } = this.#options;
    const lifetime = (ctx, token) => token.resourceServer?.accessTokenTTL ?? ttl;
    const provider = new Provider(this.issuer, {
      jwks: { keys: [...this.keys.values()].flat() },
      scopes: ['openid', ...scopes],
      clients: [{
        client_id: clientId,
        client_secret: SECRET,
        grant_types: ['client_credentials', 'authorization_code'],
        redirect_uris: [CALLBACK],
        response_types: ['code'],
        application_type: 'native',
        id_token_signed_response_alg: this.#firstAlg(),
        token_endpoint_auth_method: 'client_secret_basic',
      }],
      cookies: { keys: ['cookies-of-a-test'] },
      enabledJWA: { idTokenSigningAlgValues: [...this.keys.keys()] },
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: (ctx, client, oneOf) => oneOf,
          useGrantedResource: () => true,
          getResourceServerInfo: (ctx, indicator) => {
            if (!resources.includes(indicator)) throw new errors.InvalidTarget();
            return {
              scope: scopes.join(' '),
              audience: indicator,
              accessTokenTTL: Number(ctx.get('x-token-ttl') || this.#options.ttl),
              accessTokenFormat: 'jwt',
              jwt: { sign: { alg: ctx.get('x-sign-alg') || this.#firstAlg() } },
            };
          },
        },
      },
      ttl: { AccessToken: lifetime, ClientCredentials: lifetime, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
      findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    });
    provider.on('server_error', (ctx, error) => console.error('identity provider:', error));
    return provider;
  }
}

class CookieJar {
  #cookies = new Map();

  async fetch(url, init = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { ...init, headers: { cookie }, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      if (value) this.#cookies.set(name, value);
      else this.#cookies.delete(name);
    }
    return response;
  }
}

async function newKey(alg, kid) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg, use: 'sig' };
}
