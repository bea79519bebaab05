/** What `push` and `pull` share: names, credentials, and what becomes of a registry's failures. */
import { type Client, createClient, RegistryError } from '../registry/client.ts';
import { credentialsFor } from '../registry/credentials.ts';
import { parseReference, type Reference } from '../registry/reference.ts';
import { reasonOf, UserError } from './errors.ts';
import { EXIT } from './status.ts';

export interface RegistryOptions {
  readonly plainHttp?: boolean;
}

export const PLAIN = [
  '--plain-http',
  'without TLS, also where the registry is another machine',
] as const;

export function referenceOf(text: string): Reference {
  const reference = parseReference(text);
  if (reference) return reference;
  throw new UserError(`'${text}' is not REGISTRY/NAME:TAG or REGISTRY/NAME@sha256:...`, {
    status: EXIT.usage,
    hint: 'The registry is a host with a dot or a port: registry.example/tools/tool:1.0',
  });
}

export function connect(reference: Reference, { plainHttp }: RegistryOptions): Client {
  try {
    const credentials = credentialsFor(reference.registry, process.env);
    return createClient(reference, { credentials, plain: plainHttp === true });
  } catch (error) {
    throw new UserError(`credentials of ${reference.registry}: ${reasonOf(error)}`);
  }
}

const STATUSES = {
  away: EXIT.script,
  missing: EXIT.script,
  refused: EXIT.script,
  rights: EXIT.permission,
  wrong: EXIT.object,
} as const;

/** Does what talks to a registry; its failures become errors for the user. */
export async function talking<Result>(talk: () => Promise<Result>): Promise<Result> {
  try {
    return await talk();
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    throw new UserError(error.message, {
      status: STATUSES[error.kind],
      ...hintOf(error.kind),
    });
  }
}

function hintOf(kind: RegistryError['kind']): { readonly hint?: string } {
  if (kind === 'rights')
    return { hint: '`docker login` or `podman login` writes the credentials that are used.' };
  const { env } = process;
  const isBehindProxy = (env.HTTPS_PROXY ?? env.https_proxy ?? '') !== '';
  if (kind !== 'away' || !isBehindProxy || env.NODE_USE_ENV_PROXY === '1') return {};
  return { hint: 'HTTPS_PROXY is obeyed by Node.js 24 and newer, with NODE_USE_ENV_PROXY=1.' };
}
