/** Who speaks, and to whom, by the variables that OpenTelemetry has for it. */
import { hostname, release } from 'node:os';
import { type KeyValue, textAttribute } from './otlp.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** `a=b,c=d`, of percent-encoded texts. Throws an Error that names what is none. */
function pairsOf(text: string, name: string): readonly (readonly [string, string])[] {
  return text
    .split(',')
    .filter((pair) => pair.trim() !== '')
    .map((pair) => {
      const [, key, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
      // A value may be a secret: it is not shown.
      if (key === undefined || value === undefined)
        throw new Error(`${name} holds something that is no KEY=VALUE`);
      try {
        return [decodeURIComponent(key), decodeURIComponent(value)] as const;
      } catch {
        throw new Error(`${name}: the value of ${key} is not percent-encoded`);
      }
    });
}

/** Attributes of the resource; those of OTEL_RESOURCE_ATTRIBUTES come before what is known without them. */
export function resourceOf(environment: Environment): readonly KeyValue[] {
  const attributes = new Map<string, string>([
    ['service.name', 'bpfload'],
    ['host.name', hostname()],
    ['os.type', 'linux'],
    ['os.version', release()],
    ...pairsOf(environment.OTEL_RESOURCE_ATTRIBUTES ?? '', 'OTEL_RESOURCE_ATTRIBUTES'),
  ]);
  if (environment.OTEL_SERVICE_NAME) attributes.set('service.name', environment.OTEL_SERVICE_NAME);
  return [...attributes].map(([key, value]) => textAttribute(key, value));
}

/** Headers of requests, such as keys: from the environment, since others see a command line. */
export function headersOf(environment: Environment): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairsOf(environment.OTEL_EXPORTER_OTLP_HEADERS ?? '', 'OTEL_EXPORTER_OTLP_HEADERS'),
  );
}
