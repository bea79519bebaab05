/** Functions and variables of the kernel that programs use by name (`.ksyms`). */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import type { Btf } from '../../linker/btf/read.ts';
import type { Finding } from './finding.ts';
import type { Host } from './host.ts';
import { type ObjectView, placeOfSymbol } from './object.ts';
import { prototypeOfFunction } from './prototypes.ts';
import { layoutDiffers } from './type-match.ts';

/** Where the kernel's linker puts what each CPU has of its own (include/linux/percpu-defs.h). */
const PERCPU_SECTION = '.data..percpu';

/** Those that differ are refused wherever they are used; functions that are not there only where they are called. */
export function checkKernelSymbols(object: ObjectView, host: Host): readonly Finding[] {
  const { btf } = object;
  const section = btf.find(BTF_KIND.section, '.ksyms');
  const [kernel] = host.btfs;
  if (section === undefined || !kernel) return [];
  return btf
    .variables(section)
    .flatMap(({ variable }) =>
      btf.kind(variable) === BTF_KIND.function
        ? checkFunction(btf, variable, kernel)
        : checkVariable(btf.name(variable), kernel),
    )
    .map((finding) => ({ ...finding, place: placeOfSymbol(object, finding.name) }));
}

function checkFunction(btf: Btf, id: number, kernel: Btf): readonly Finding[] {
  const name = btf.name(id);
  const is = prototypeOfFunction(kernel, name);
  if (!is) return [];
  const prototype = btf.sizeOrType(id);
  const was = btf.parameters(prototype);
  const refused = (reason: string): readonly Finding[] => [
    { kind: 'kernel function', name, verdict: 'other layout', reason },
  ];
  if (was.length !== is.parameters.length)
    return refused(
      `The kernel's function ${name}, which the script calls, takes ${is.parameters.length} arguments on this kernel, and the script was built for ${was.length}.`,
    );
  const differs = (local: number, host: number) =>
    local === 0 && host === 0 ? undefined : layoutDiffers(btf, local, kernel, host);
  for (const [index, { type }] of was.entries()) {
    const why = differs(type, is.parameters[index]?.type ?? 0);
    if (why !== undefined)
      return refused(
        `Argument ${index + 1} of the kernel's function ${name}, which the script calls, ${why}.`,
      );
  }
  const why = differs(btf.sizeOrType(prototype), is.result.type);
  return why === undefined
    ? [{ kind: 'kernel function', name, verdict: 'ok' }]
    : refused(`What the kernel's function ${name}, which the script calls, returns ${why}.`);
}

function checkVariable(name: string, kernel: Btf): readonly Finding[] {
  const section = kernel.find(BTF_KIND.section, PERCPU_SECTION);
  const variable = kernel.find(BTF_KIND.variable, name);
  if (section === undefined)
    return [
      {
        kind: 'kernel variable',
        name,
        verdict: 'missing',
        reason: `percpu_kaddr() needs the kernel's per-CPU variables in its BTF, and this kernel's has none: "${name}" cannot be found.`,
      },
    ];
  return variable === undefined
    ? [
        {
          kind: 'kernel variable',
          name,
          verdict: 'missing',
          reason: `Could not resolve variable "${name}" from BTF: this kernel has no per-CPU variable of that name and type.`,
        },
      ]
    : [{ kind: 'kernel variable', name, verdict: 'ok' }];
}
