/** Entry and return of kernel functions. */
import { KernelDescriptionError } from '../kernel/error.ts';
import type { KernelDescription } from '../kernel/types.ts';
import type { AttachPoint } from '../syntax/ast.ts';
import {
  canonicalName,
  isParameterised,
  isWildcard,
  refuse,
  refuseCount,
  refuseMissing,
  targetFields,
} from './fields.ts';
import {
  ARGUMENT_REGISTERS,
  isAddress,
  readFunction,
  showFunction,
  slashHints,
} from './function.ts';
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
  const no = (message: string, ...hints: readonly string[]): readonly ProbeTarget[] =>
    refuse(attachPoint, context, message, ...hints);
  if (text === '') return no(`${name}s should be attached to a function or an address`);
  if (fields.length > 2) return refuseCount(attachPoint, context, name, '1 or 2');
  if (text.includes('/')) return no(`'${text}' is not the name of a function`, ...slashHints(text));
  if (fields.length === 2 && fields[0]?.text !== 'vmlinux')
    return no(`modules in ${name} are not supported yet`, `Without the module: ${name}:${text}`);
  if (fields.some((field) => isWildcard(field.text)))
    return no(`wildcards in ${name} are not supported yet`);
  if (isAddress(text)) return no(`addresses in ${name} are not supported yet`);

  const place = readFunction(text);
  if (!place) return no(`invalid offset in '${text}'`);
  if (place.name === '') return no(`${name}s should be attached to a function or an address`);
  const entry = name === 'kprobe';
  if (!entry && place.offset > 0) return no('kretprobes can not be attached to a function offset');

  const parameterised = isParameterised(fields);
  if (context.onlyKnown && !parameterised && !isTraceable(context.kernel, place.name))
    return refuseMissing(attachPoint, context, name, place.name, []);
  const shown = showFunction(place);
  return [
    {
      provider: name,
      name: canonicalName(name, shown),
      alias: attachPoint.alias,
      section: parameterised ? name : `${name}/${shown}`,
      context: 'registers',
      space: 'kernel',
      defaultReturn: 0,
      filtersPid: true,
      registers: entry ? ARGUMENT_REGISTERS : 0,
      hasRetval: !entry,
      function: parameterised ? undefined : place.name,
      wildcard: false,
      target: { provider: name, function: place.name, offset: place.offset },
      parameterised,
    },
  ];
}

function isTraceable(kernel: KernelDescription, name: string): boolean {
  try {
    return kernel.matchFunctions(name).length > 0;
  } catch (error) {
    // A description without the list: then no function is known.
    if (error instanceof KernelDescriptionError) return false;
    throw error;
  }
}

export const kprobe = provider('kprobe', ['k']);
export const kretprobe = provider('kretprobe', ['kr']);
