/** kprobe and kretprobe: functions that the kernel can trace. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import { UndescribedError } from '../kernel/error.ts';
import { KERNEL, type ListContext, type Lister, matcher, namesOfKind } from './lister.ts';

/** Parts of functions that compilers put elsewhere: patterns leave them out. */
const PART = /\.part\.|\.cold(\.\d+)?$/;

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
  const { kernel } = context;
  if (module === undefined)
    return orOfBtf(
      context,
      () => kernel.matchFunctions(pattern),
      () => typed(context, pattern),
    );
  const isMeant = matcher(module);
  const own = (found: readonly string[]) => found.map((name) => `${KERNEL}:${name}`);
  return orOfBtf(
    context,
    () =>
      kernel.matchModuleFunctions?.(module, pattern) ??
      (isMeant(KERNEL) ? own(kernel.matchFunctions(pattern)) : []),
    () => [
      ...(isMeant(KERNEL) ? own(typed(context, pattern)) : []),
      ...(kernel.modules?.() ?? [])
        .filter(isMeant)
        .flatMap((each) =>
          kernel.matchTypedFunctions(pattern, each).map((name) => `${each}:${name}`),
        ),
    ],
  );
}

/** Where the kernel does not tell what it traces, functions that have a type are the nearest that is known. */
function orOfBtf(
  context: ListContext,
  traceable: () => readonly string[],
  ofBtf: () => readonly string[],
): readonly string[] {
  try {
    return traceable();
  } catch (error) {
    if (!(error instanceof UndescribedError)) throw error;
    context.note(
      `which functions the kernel can trace is not known: ${error.message}; those of its BTF are listed`,
    );
    context.btf();
    return ofBtf();
  }
}

function typed(context: ListContext, pattern: string): readonly string[] {
  return namesOfKind(context.btf(), BTF_KIND.function).filter(matcher(pattern));
}
