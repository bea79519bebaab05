/** Entry and return of functions of programs and libraries. The loader finds file and symbol on its host. */
import type { AttachPoint } from '../syntax/ast.ts';
import { parseInteger } from '../syntax/literals.ts';
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
  type FunctionPlace,
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
  // A single field is a function in the files of the process that -p names.
  const alone = fields.length === 1 && !(fields[0]?.text ?? '').includes('/');
  const [pathField, secondField, thirdField] = alone ? [undefined, ...fields] : fields;
  const [path, second] = [pathField?.text ?? '', secondField?.text ?? ''];
  const no = (message: string, ...hints: readonly string[]): readonly ProbeTarget[] =>
    refuse(attachPoint, context, message, ...hints);
  const forms = `${name}:PATH:FUNCTION, such as ${name}:/bin/bash:readline`;
  if (path === '' && second === '') return no(`${name}s should have a target`, forms);
  if (second.startsWith('@'))
    return no(`source lines in ${name} are not supported yet`, `Name a function: ${forms}`);
  if (fields.length === 3 && thirdField?.text !== '')
    return second === 'cpp'
      ? no('C++ names (cpp:) are not supported yet', 'A mangled name can be given without cpp:.')
      : no(`unsupported language type: '${second}'`, 'A name that holds : needs double quotes.');
  if (fields.length > 2) return refuseCount(attachPoint, context, name, '2');
  if (second === '') return no(`${name}s should be attached to a function`, forms);
  if (second.includes('/'))
    return no(`'${second}' is not the name of a function`, ...slashHints(second));

  const entry = name === 'uprobe';
  const severalFiles = path === '' || isWildcard(path);
  const place = isAddress(second) ? readAddress(second) : readFunction(second);
  if (isAddress(second)) {
    if (!place) return no(`invalid address '${second}'`);
    if (!entry) return no('uretprobes can not be attached to an address');
    if (severalFiles) return no('an address needs the path of one file', forms);
  } else {
    if (!place) return no(`invalid offset in '${second}'`);
    if (place.name === '') return no(`${name}s should be attached to a function`, forms);
    if (!entry && place.offset > 0)
      return no('uretprobes can not be attached to a function offset');
    if (isWildcard(place.name) && place.offset > 0)
      return no('functions of a wildcard can not have an offset');
  }

  const wildcard = severalFiles || isWildcard(place.name);
  const known = place.name !== '' && !isWildcard(place.name) && !secondField?.parameters.length;
  return [
    {
      provider: name,
      name: canonicalName(name, path, place.name === '' ? second : showFunction(place)),
      alias: attachPoint.alias,
      section: name,
      context: 'registers',
      space: 'user',
      defaultReturn: 0,
      // The pid is given when the probe is attached.
      filtersPid: false,
      registers: entry ? ARGUMENT_REGISTERS : 0,
      hasRetval: !entry,
      function: known ? place.name : undefined,
      wildcard,
      target: { provider: name, path, function: place.name, offset: place.offset },
      parameterised: isParameterised(fields),
    },
  ];
}

/** An address in the file's own address space; undefined where it is none that the manifest can hold. */
function readAddress(text: string): FunctionPlace | undefined {
  const result = parseInteger(text);
  if (!('value' in result) || result.value > Number.MAX_SAFE_INTEGER) return undefined;
  return { name: '', offset: Number(result.value) };
}

export const uprobe = provider('uprobe', ['u']);
export const uretprobe = provider('uretprobe', ['ur']);
