/** Entry and return of functions of programs and libraries. The loader finds file and symbol on its host. */
import type { AttachPoint } from '../syntax/ast.ts';
import {
  canonicalName,
  isParameterised,
  isWildcard,
  refuse,
  refuseCount,
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

type Name = 'uprobe' | 'uretprobe';

function provider(name: Name, aliases: readonly string[]): Provider {
  return {
    name,
    aliases,
    ...(name === 'uprobe' ? { group: 'programs' } : {}),
    resolve: (attachPoint, context) => resolve(name, attachPoint, context),
  };
}

function resolve(
  name: Name,
  attachPoint: AttachPoint,
  context: ProviderContext,
): readonly ProbeTarget[] {
  const fields = targetFields(attachPoint);
  const [path = '', second = '', third] = fields.map((field) => field.text);
  const no = (message: string, ...hints: readonly string[]): readonly ProbeTarget[] =>
    refuse(attachPoint, context, message, ...hints);
  const forms = `${name}:PATH:FUNCTION, such as ${name}:/bin/bash:readline`;
  if (path === '') return no(`${name}s should have a target`, forms);
  if (second.startsWith('@'))
    return no(`source lines in ${name} are not supported yet`, `Name a function: ${forms}`);
  if (fields.length === 3 && third !== '')
    return second === 'cpp'
      ? no('C++ names (cpp:) are not supported yet', 'A mangled name can be given without cpp:.')
      : no(`unsupported language type: '${second}'`, 'A name that holds : needs double quotes.');
  if (fields.length > 2) return refuseCount(attachPoint, context, name, '2');
  if (second === '') return no(`${name}s should be attached to a function`, forms);
  if (fields.some((field) => isWildcard(field.text)))
    return no(`wildcards in ${name} are not supported yet`);
  if (second.includes('/'))
    return no(`'${second}' is not the name of a function`, ...slashHints(second));
  if (isAddress(second)) return no(`addresses in ${name} are not supported yet`);

  const place = readFunction(second);
  if (!place) return no(`invalid offset in '${second}'`);
  if (place.name === '') return no(`${name}s should be attached to a function`, forms);
  const entry = name === 'uprobe';
  if (!entry && place.offset > 0) return no('uretprobes can not be attached to a function offset');

  const inFunction = fields[1]?.parameters ?? [];
  return [
    {
      provider: name,
      name: canonicalName(name, path, showFunction(place)),
      alias: attachPoint.alias,
      section: name,
      context: 'registers',
      space: 'user',
      defaultReturn: 0,
      // The pid is given when the probe is attached.
      filtersPid: false,
      registers: entry ? ARGUMENT_REGISTERS : 0,
      hasRetval: !entry,
      function: inFunction.length > 0 ? undefined : place.name,
      wildcard: false,
      target: { provider: name, path, function: place.name, offset: place.offset },
      parameterised: isParameterised(fields),
    },
  ];
}

export const uprobe = provider('uprobe', ['u']);
export const uretprobe = provider('uretprobe', ['ur']);
