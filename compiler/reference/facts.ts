/** What the compiler itself says of an example: the type of what it shows, the kernel that it takes, its errors. */
import { FEATURES, type FeatureName } from '../../linker/contract/features.ts';
import { inspectObject } from '../../linker/inspect.ts';
import { compile } from '../compile.ts';
import { loadKernelDescription } from '../kernel/load.ts';
import type { Diagnostic } from '../source/diagnostics.ts';
import { typeName } from '../types/names.ts';
import type { Type } from '../types/type.ts';
import type { Entry } from './entry.ts';

/** The oldest kernel that objects are made for. */
const OLDEST = 10;

const kernel = loadKernelDescription('default');

function compiled(script: string, unsafe: boolean): ReturnType<typeof compile> {
  return compile({ name: 'tool.bt', text: script }, { kernel, unsafe, environment: {} });
}

const isUnsafe = ({ flags = [] }: Entry): boolean =>
  flags.includes('--unsafe') || flags.includes('--allow-run');

/** What the compiler says of a mistake; the first of several. */
export function complaint(script: string): Diagnostic | undefined {
  return compiled(script, false).diagnostics[0];
}

/** `Linux 6.1`, or undefined if the script runs on all kernels that objects are made for. */
export function kernelOf(entry: Entry): string | undefined {
  if (entry.kernel !== undefined) return entry.kernel;
  const object = compiled(entry.script, isUnsafe(entry)).object;
  if (!object) throw new Error(`an example of the reference does not compile: ${entry.script}`);
  const { manifest } = inspectObject(object()) as {
    readonly manifest: { readonly features: readonly FeatureName[] };
  };
  const newest = manifest.features
    .map((feature) => FEATURES[feature].since.split('.').map(Number))
    .map(([major = 0, minor = 0]) => ({ major, minor }))
    .sort((left, right) => left.major - right.major || left.minor - right.minor)
    .at(-1);
  if (!newest || newest.major < 5 || (newest.major === 5 && newest.minor <= OLDEST)) {
    return undefined;
  }
  return `Linux ${newest.major}.${newest.minor}`;
}

interface Node {
  readonly kind?: unknown;
  readonly builtin?: unknown;
  readonly type?: Type;
  readonly range?: { readonly start: number; readonly end: number };
}

/** The type of the first use of a built-in; undefined where it has no value, or the compiler has taken its place. */
export function typeOf(name: string, entry: Entry): string | undefined {
  const { typed } = compiled(entry.script, isUnsafe(entry));
  const at = entry.script.search(new RegExp(`(?<![\\w"=]|_)${name}\\b`));
  const nodes: Node[] = [];
  collect(typed, nodes, new Set());
  const calls = nodes.filter((node) => node.kind === 'call' && node.builtin === name);
  const there = nodes.filter((node) => node.range?.start === at);
  const type = [...calls, ...there].find((node) => node.type?.kind !== undefined)?.type;
  return type === undefined || type.kind === 'void' ? undefined : typeName(type);
}

function collect(value: unknown, nodes: Node[], seen: Set<unknown>): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (!Array.isArray(value)) nodes.push(value);
  for (const part of Object.values(value)) collect(part, nodes, seen);
}
