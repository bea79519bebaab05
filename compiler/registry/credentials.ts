/** Who we are to a registry, by the files of docker, podman and others. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

interface ConfigFile {
  readonly auths?: Readonly<Record<string, { readonly auth?: unknown } | undefined>>;
  readonly credHelpers?: Readonly<Record<string, unknown>>;
  readonly credsStore?: unknown;
}

/**
 * Undefined: nobody. Throws an Error that says what is wrong with a file, or with the helper that it names. Helpers are
 * programs docker-credential-NAME, as docker calls them.
 */
export function credentialsFor(
  registry: string,
  environment: Readonly<Record<string, string | undefined>>,
): Credentials | undefined {
  for (const file of configFiles(environment)) {
    const config = readConfig(file);
    const found = config && fromConfig(config, registry, file);
    if (found) return found;
  }
  return undefined;
}

function configFiles(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  const { DOCKER_CONFIG, REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR } = environment;
  return [
    ...(REGISTRY_AUTH_FILE ? [REGISTRY_AUTH_FILE] : []),
    ...(XDG_RUNTIME_DIR ? [join(XDG_RUNTIME_DIR, 'containers', 'auth.json')] : []),
    join(DOCKER_CONFIG || join(environment.HOME ?? homedir(), '.docker'), 'config.json'),
  ];
}

function readConfig(file: string): ConfigFile | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`cannot read ${file}: ${error instanceof Error ? error.message : error}`);
  }
  try {
    const config: unknown = JSON.parse(text);
    if (typeof config === 'object' && config !== null) return config;
  } catch {
    // Said below.
  }
  throw new Error(`${file} is not JSON`);
}

function fromConfig(config: ConfigFile, registry: string, file: string): Credentials | undefined {
  const helper = config.credHelpers?.[registry] ?? config.credsStore;
  if (typeof helper === 'string' && helper !== '') return fromHelper(helper, registry);
  const auth = config.auths?.[registry]?.auth;
  if (typeof auth !== 'string' || auth === '') return undefined;
  const decoded = Buffer.from(auth, 'base64').toString();
  const colon = decoded.indexOf(':');
  if (colon < 1) throw new Error(`${file}: the credentials of ${registry} are not USER:PASSWORD`);
  return { user: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function fromHelper(helper: string, registry: string): Credentials | undefined {
  if (!/^[\w.-]+$/.test(helper)) throw new Error(`'${helper}' is not the name of a helper`);
  const program = `docker-credential-${helper}`;
  const result = spawnSync(program, ['get'], {
    input: registry,
    encoding: 'utf8',
    timeout: 30_000,
  });
  // One that knows nobody may end before it has read what for (EPIPE); its status says more.
  if (result.error && result.status === null)
    throw new Error(`cannot run ${program}: ${result.error.message}`);
  // That is how helpers say that they know nobody.
  if (result.status !== 0) return undefined;
  const { Username, Secret } = JSON.parse(result.stdout) as Readonly<Record<string, unknown>>;
  return typeof Username === 'string' && typeof Secret === 'string'
    ? { user: Username, password: Secret }
    : undefined;
}
