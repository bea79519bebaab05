/** Entry and return of kernel functions. */
import type { KernelDescription } from '../kernel/types.ts';
import { type Hint, replacing } from '../source/advice.ts';
import { didYouMean } from '../source/closest.ts';
import type { ErrorCode } from '../source/codes.ts';
import type { AttachPoint } from '../syntax/ast.ts';
import { parseInteger } from '../syntax/literals.ts';
import {
  canonicalName,
  isParameterised,
  isWildcard,
  refuse,
  refuseCount,
  refuseEmpty,
  targetFields,
} from './fields.ts';
import {
  argumentRegisters,
  isAddress,
  readFunction,
  showFunction,
  slashHints,
} from './function.ts';
import { ifDescribed, missingTarget } from './missing.ts';
import type { ProbeTarget, Provider, ProviderContext } from './probe.ts';

type Name = 'kprobe' | 'kretprobe';

function provider(name: Name, aliases: readonly string[]): Provider {
  return {
    name,
    aliases,
    ...(name === 'kprobe' ? { group: 'kernel' } : {}),
    resolve: (attachPoint, context) => resolve(name, attachPoint, context),
  };
}

function resolve(
  name: Name,
  attachPoint: AttachPoint,
  context: ProviderContext,
): readonly ProbeTarget[] {
  const fields = targetFields(attachPoint);
  const text = fields.at(-1)?.text ?? '';
  const no = (
    code: ErrorCode,
    message: string,
    ...hints: readonly Hint[]
  ): readonly ProbeTarget[] => refuse(attachPoint, context, code, message, ...hints);
  if (text === '')
    return no('attach-point-form', `${name}s should be attached to a function or an address`);
  if (fields.length > 2) return refuseCount(attachPoint, context, name, '1 or 2');
  if (text.includes('/'))
    return no(
      'attach-point-form',
      `'${text}' is not the name of a function`,
      ...slashHints(fields.at(-1)),
    );
  const module = fields.length === 2 ? (fields[0]?.text ?? '') : '';
  const parameterised = isParameterised(fields);
  const entry = name === 'kprobe';
  const shared: Omit<ProbeTarget, 'name' | 'section' | 'function' | 'wildcard' | 'target'> = {
    provider: name,
    alias: attachPoint.alias,
    context: 'registers',
    space: 'kernel',
    defaultReturn: 0,
    filtersPid: true,
    registers: entry ? argumentRegisters(context.kernel.arch) : 0,
    hasRetval: !entry,
    parameterised,
  };

  if (isAddress(text) && !parameterised) {
    const address = parseInteger(text);
    if (!('value' in address)) return no('attach-point-value', `invalid address '${text}'`);
    if (!entry || module !== '')
      return no(
        'attach-point-form',
        `a ${name}${module === '' ? '' : ' in a module'} needs the name of a function`,
      );
    if (!context.unsafe)
      return no(
        'unsafe',
        'a kprobe at an address is unsafe: it is not checked to be where an instruction begins',
        'Use --unsafe to allow it.',
      );
    // Another kernel has another function there.
    if (context.onlyKnown) return [];
    const decimal = address.value.toString();
    return [
      {
        ...shared,
        name: canonicalName(name, decimal),
        section: name,
        function: undefined,
        wildcard: false,
        target: { provider: name, address: decimal },
      },
    ];
  }

  const place = readFunction(text);
  if (!place) return no('attach-point-value', `invalid offset in '${text}'`);
  if (place.name === '')
    return no('attach-point-form', `${name}s should be attached to a function or an address`);
  if (!entry && place.offset > 0)
    return no('attach-point-form', 'kretprobes can not be attached to a function offset');
  const wildcard = isWildcard(module) || isWildcard(place.name);
  if (wildcard && place.offset > 0)
    return no(
      'attach-point-form',
      'an offset needs the name of one function',
      replacing(
        `Without it: ${name}:${place.name}`,
        fields.at(-1)?.range ?? attachPoint.range,
        text,
        place.name,
      ),
    );
  const shown = showFunction(place);
  // The kernel itself is what a function without a module is looked for in first.
  const elsewhere = module === '' || (module === 'vmlinux' && !wildcard) ? undefined : module;
  const target: ProbeTarget = {
    ...shared,
    name: elsewhere === undefined ? canonicalName(name, shown) : canonicalName(name, module, shown),
    section: parameterised || elsewhere !== undefined ? name : sectionOf(name, shown, wildcard),
    function: parameterised || wildcard ? undefined : place.name,
    wildcard,
    target: {
      provider: name,
      ...(elsewhere === undefined ? {} : { module: elsewhere }),
      function: place.name,
      offset: place.offset,
    },
  };
  if (parameterised || elsewhere !== undefined) {
    if (!context.onlyKnown || parameterised || isTraceable(context.kernel, place.name))
      return [target];
    return wildcard ? refuseEmpty(attachPoint, context) : [];
  }
  if (isTraceable(context.kernel, place.name)) return [target];
  if (wildcard && context.onlyKnown) return refuseEmpty(attachPoint, context);
  // Kernels differ in what they inline, and modules have functions of their own.
  return missingTarget(attachPoint, context, {
    provider: name,
    target: place.name,
    hints: wildcard
      ? []
      : didYouMean(
          place.name,
          ifDescribed(() => context.kernel.matchFunctions('*')) ?? [],
          fields.at(-1)?.range ?? attachPoint.range,
          text,
        ),
    atLoad: target,
    mayLack: true,
  });
}

/**
 * What libbpf attaches by itself: a function of the kernel, or a pattern of characters that it reads
 * (attach_kprobe_multi, tools/lib/bpf/libbpf.c).
 */
function sectionOf(name: Name, shown: string, wildcard: boolean): string {
  if (!wildcard) return `${name}/${shown}`;
  return /^[\w.*]+$/.test(shown) ? `${name}.multi/${shown}` : name;
}

/** Whether the kernel, or a module, has a function of that name; also where the description has no list of them. */
function isTraceable(kernel: KernelDescription, name: string): boolean {
  const found = ifDescribed(() => kernel.matchFunctions(name));
  return (
    found === undefined || found.length > 0 || (kernel.functionModules?.(name) ?? []).length > 0
  );
}

export const kprobe = provider('kprobe', ['k']);
export const kretprobe = provider('kretprobe', ['kr']);
