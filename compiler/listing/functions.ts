/** kprobe and kretprobe: functions that the kernel can trace. */
import { readFileSync } from 'node:fs';
import { BTF_KIND } from '../../linker/btf/btf.ts';
import { KernelDescriptionError, reasonOf } from '../kernel/error.ts';
import { wildcardText } from '../kernel/wildcard.ts';
import { type ListContext, type Lister, ListingError, matcher, namesOfKind } from './lister.ts';

/** Parts of functions that compilers put elsewhere: patterns leave them out. */
const PART = /\.part\.\d+$|\.cold(\.\d+)?$/;

function lister(provider: 'kprobe' | 'kretprobe'): Lister {
  return {
    provider,
    ...(provider === 'kprobe' ? { group: 'kernel' } : {}),
    list(fields, context) {
      const pattern = fields.at(-1) ?? '*';
      const module = fields.length > 1 ? (fields[0] ?? '') : undefined;
      const whole = pattern.includes('*');
      const found = names(module, pattern, context);
      return {
        names: found
          .filter((name) => !whole || !PART.test(name))
          .map((name) => `${provider}:${name}`),
      };
    },
  };
}

export const kprobes = lister('kprobe');
export const kretprobes = lister('kretprobe');

function names(
  module: string | undefined,
  pattern: string,
  context: ListContext,
): readonly string[] {
  if (module === undefined) return traceable(pattern, context);
  const own = matcher(module)('vmlinux')
    ? traceable(pattern, context).map((name) => `vmlinux:${name}`)
    : [];
  // Functions of modules stand in the list of the whole kernel, too, which does not say whose they are.
  const others = context.live && module !== 'vmlinux' ? moduleFunctions(module, pattern) : [];
  const elsewhere = new Set(others.map((name) => name.slice(name.indexOf(':') + 1)));
  return [...own.filter((name) => !elsewhere.has(name.slice('vmlinux:'.length))), ...others];
}

/** Where the kernel does not tell what it traces, functions that have a type are the nearest that is known. */
function traceable(pattern: string, context: ListContext): readonly string[] {
  try {
    return context.kernel.matchFunctions(pattern);
  } catch (error) {
    if (!(error instanceof KernelDescriptionError)) throw error;
    context.note(
      `which functions the kernel can trace is not known: ${error.message}; those of its BTF are listed`,
    );
    return namesOfKind(context.btf(), BTF_KIND.function).filter(matcher(pattern));
  }
}

/** `module:function` of the running kernel. */
function moduleFunctions(module: string, pattern: string): readonly string[] {
  let symbols: string;
  try {
    symbols = readFileSync('/proc/kallsyms', 'latin1');
  } catch (error) {
    throw new ListingError(`cannot read /proc/kallsyms: ${reasonOf(error)}`);
  }
  const line = new RegExp(
    `^[0-9a-f]+ [tTwW] (?<name>${wildcardText(pattern)})\\t\\[(?<owner>${wildcardText(module, 'module')})\\]$`,
    'gm',
  );
  return [...symbols.matchAll(line)].map(({ groups }) => `${groups?.owner}:${groups?.name}`);
}
