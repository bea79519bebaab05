/** Names of artifacts: REGISTRY/NAME:TAG, or with @sha256:... in place of the tag or behind it. */

export interface Reference {
  /** Host, perhaps with a port. */
  readonly registry: string;
  readonly name: string;
  readonly tag: string | undefined;
  /** `sha256:` and 64 digits. */
  readonly digest: string | undefined;
}

/** As the distribution specification has them; no host is taken for granted. */
const REFERENCE =
  /^((?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?)\/([a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)(?::(\w[\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;

/** Undefined where it is none: a registry has a dot, a port or is localhost. */
export function parseReference(text: string): Reference | undefined {
  if (text.length > 512) return undefined;
  const [, registry = '', name = '', tag, digest] = REFERENCE.exec(text) ?? [];
  if (!/[.:\]]/.test(registry) && registry !== 'localhost') return undefined;
  return { registry, name, tag, digest };
}

/** This machine, to which nobody listens in between. */
export function isLoopback(registry: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/.test(registry);
}
