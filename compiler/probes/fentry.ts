/** Entry and return of kernel functions by BPF trampolines, with arguments typed by BTF (fentry, fexit). */

import { otherDescriptions } from '../kernel/advice.ts';
import type { KernelFunction } from '../kernel/types.ts';
import { type Hint, replacing } from '../source/advice.ts';
import { didYouMean } from '../source/closest.ts';
import type { ErrorCode } from '../source/codes.ts';
import type { AttachPoint } from '../syntax/ast.ts';
import {
  canonicalName,
  isParameterised,
  isWildcard,
  refuse,
  refuseCount,
  refuseEmpty,
  targetFields,
  targetRange,
} from './fields.ts';
import { slashHints } from './function.ts';
import { missingTarget } from './missing.ts';
import type { ProbeTarget, Provider, ProviderContext } from './probe.ts';

type Name = 'fentry' | 'fexit';

function provider(name: Name, aliases: readonly string[]): Provider {
  return {
    name,
    aliases,
    ...(name === 'fentry' ? { group: 'kernel' } : {}),
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
  if (text === '') return no('attach-point-form', `${name} should specify a function`);
  if (fields[0]?.text === 'bpf' && fields.length > 1) return ofProgram(name, attachPoint, context);
  if (fields.length > 2) return refuseCount(attachPoint, context, name, '1 or 2');
  if (!/^[\w.*$]+$/.test(text))
    return no(
      'attach-point-form',
      `'${text}' is not the name of a function`,
      ...slashHints(fields.at(-1)),
    );
  const given = fields.length === 2 ? (fields[0]?.text ?? '') : undefined;
  const module = given === 'vmlinux' ? undefined : given;
  // fexit sees what the function was called with, and both can be of any type.
  const typed = context.needsArgs || (name === 'fexit' && context.needsRetval);
  const place: Place = { name, attachPoint, module, given };

  if (isParameterised(fields)) {
    if (typed)
      return no(
        'untyped-arguments',
        ...untypable('which function this is depends on positional parameters'),
      );
    return [target(place, text, { parameterised: true })];
  }
  if (module !== undefined && typed) return typedInModule(place, module, text, context);
  const wildcard = isWildcard(text) || isWildcard(module ?? '');
  if (wildcard) {
    const names = context.kernel.matchTypedFunctions(text);
    if (names.length === 0 && (module === undefined || context.onlyKnown))
      return refuseEmpty(attachPoint, context);
    if (!typed) return [target(place, text, { wildcard: true })];
    return names.flatMap((found) => {
      const description = context.kernel.function(found);
      return typeof description === 'object' ? [target(place, found, {}, description)] : [];
    });
  }
  if (module !== undefined) return context.onlyKnown ? [] : [target(place, text, {})];
  const description = context.kernel.function(text);
  const modules =
    description === undefined && given === undefined
      ? (context.kernel.functionModules?.(text) ?? [])
      : [];
  const [only, ...others] = modules;
  if (only !== undefined && others.length > 0)
    return no(
      'ambiguous-function',
      `${name}:${text} is in several modules: ${modules.join(', ')}`,
      replacing(
        `Name one of them: ${name}:${only}:${text}`,
        targetRange(attachPoint),
        text,
        ...modules.map((each) => `${each}:${text}`),
      ),
    );
  if (only !== undefined)
    return typed
      ? typedInModule({ ...place, module: only }, only, text, context)
      : [target({ ...place, module: only }, text, {})];
  if (description === undefined) {
    const names = context.onlyKnown ? [] : context.kernel.matchTypedFunctions('*');
    const near = didYouMean(text, names, fields.at(-1)?.range ?? attachPoint.range);
    const hints =
      near.length > 0 || given !== undefined
        ? near
        : [`A function of a module is named with it: ${name}:MODULE:${text}`];
    return missingTarget(attachPoint, context, {
      provider: name,
      target: text,
      hints,
      atLoad: typed ? undefined : target(place, text, {}),
    });
  }
  if (typeof description === 'string')
    return no('untraceable-function', `${text} cannot be traced by ${name}: ${description}`);
  return [target(place, text, {}, description)];
}

/** Functions of a module with their arguments. */
function typedInModule(
  place: Place,
  module: string,
  text: string,
  context: ProviderContext,
): readonly ProbeTarget[] {
  const { attachPoint, name } = place;
  const { kernel } = context;
  const no = (code: ErrorCode, message: string, ...hints: readonly Hint[]) =>
    refuse(attachPoint, context, code, message, ...hints);
  if (isWildcard(module)) return no('untyped-arguments', ...untypable('the module is a pattern'));
  const isPattern = isWildcard(text);
  const names = isPattern ? kernel.matchTypedFunctions(text, module) : [text];
  const found = names.flatMap((each) => {
    const description = kernel.function(each, module);
    return description === undefined ? [] : [{ name: each, description }];
  });
  const [first] = found;
  if (!isPattern && typeof first?.description === 'string')
    return no('untraceable-function', `${text} cannot be traced by ${name}: ${first.description}`);
  if (first)
    return found.flatMap(({ name: each, description }) =>
      typeof description === 'object' ? [target(place, each, {}, description)] : [],
    );
  if (kernel.modules?.().includes(module))
    return missingTarget(attachPoint, context, {
      provider: name,
      target: `${module}:${text}`,
      hints: isPattern
        ? []
        : didYouMean(
            text,
            kernel.matchTypedFunctions('*', module),
            attachPoint.fields.at(-1)?.range ?? attachPoint.range,
          ),
    });
  return no(
    'untyped-arguments',
    ...untypable(`the kernel description has no types of module ${module}`),
    `A kprobe has them untyped: kprobe:${module}:${text}.`,
    otherDescriptions(kernel),
  );
}

/** `fentry:bpf[:ID]:FUNCTION` */
function ofProgram(
  name: Name,
  attachPoint: AttachPoint,
  context: ProviderContext,
): readonly ProbeTarget[] {
  const fields = targetFields(attachPoint);
  const [, id = '*', text = id] = fields.map((field) => field.text);
  const given = fields.length > 2 ? id : undefined;
  const no = (code: ErrorCode, message: string, ...hints: readonly Hint[]) =>
    refuse(attachPoint, context, code, message, ...hints);
  if (fields.length > 3) return refuseCount(attachPoint, context, name, '1 to 3');
  if (isParameterised(fields))
    return no(
      'attach-point-parameter',
      'positional parameters cannot name BPF programs',
      'Write the name, or *.',
    );
  if (given !== undefined && !/^([0-9]{1,9}|\*)$/.test(given))
    return no(
      'attach-point-value',
      `'${given}' is not the number of a BPF program`,
      `For example: ${name}:bpf:42:${text}`,
    );
  if (!/^[\w.*]+$/.test(text))
    return no(
      'attach-point-form',
      `'${text}' is not the name of a BPF program`,
      ...slashHints(fields.at(-1)),
    );
  if (context.needsArgs)
    return no(
      'untyped-arguments',
      `args can not be used with ${name}:bpf probes`,
      'What a BPF program takes is known where it is loaded.',
    );
  // Programs are of the host that traces.
  if (context.onlyKnown) return [];
  const place: Place = { name, attachPoint, module: undefined, given: 'bpf' };
  const shown = given === undefined ? text : `${given}:${text}`;
  return [
    {
      // Several programs may have a function of that name.
      ...target(place, shown, { wildcard: true }),
      target: { provider: name, program: given ?? '*', function: text },
    },
  ];
}

function untypable(why: string): [string, string] {
  return [`arguments cannot be typed: ${why}`, 'Name one function, or do without them.'];
}

interface Place {
  readonly name: Name;
  readonly attachPoint: AttachPoint;
  readonly module: string | undefined;
  /** The module as written: names show it. */
  readonly given: string | undefined;
}

function target(
  { name, attachPoint, module, given }: Place,
  text: string,
  { wildcard = false, parameterised = false }: { wildcard?: boolean; parameterised?: boolean },
  description?: KernelFunction,
): ProbeTarget {
  const known = !wildcard && !parameterised;
  const result = name === 'fexit' ? description?.result : undefined;
  return {
    provider: name,
    name: given === undefined ? canonicalName(name, text) : canonicalName(name, given, text),
    alias: attachPoint.alias,
    // The loader names the function of a pattern, and of a module.
    section: known && module === undefined ? `${name}/${text}` : name,
    context: 'btf-arguments',
    space: 'kernel',
    defaultReturn: 0,
    filtersPid: true,
    ...(description ? { parameters: description.parameters } : {}),
    ...(result ? { result } : {}),
    registers: 0,
    hasRetval: result !== undefined,
    function: known ? text : undefined,
    wildcard,
    target: {
      provider: name,
      ...(module === undefined ? {} : { module }),
      function: text,
    },
    parameterised,
  };
}

export const fentry = provider('fentry', ['f', 'kfunc']);
export const fexit = provider('fexit', ['fr', 'kretfunc']);
