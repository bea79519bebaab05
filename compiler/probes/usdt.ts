/**
 * Probe points that programs carry in their notes (`.note.stapsdt`). The loader reads the file on its host, since
 * the notes say where the points are and what their arguments are kept in.
 */
import type { Hint } from '../source/advice.ts';
import type { ErrorCode } from '../source/codes.ts';
import type { AttachPoint } from '../syntax/ast.ts';
import {
  canonicalName,
  isParameterised,
  isWildcard,
  refuse,
  refuseCount,
  targetFields,
} from './fields.ts';
import type { ProbeTarget, Provider, ProviderContext } from './probe.ts';

/**
 * libbpf reads `usdt/PATH:NAMESPACE:NAME` of an absolute path (attach_usdt, tools/lib/bpf/libbpf.c). Without maps of its
 * own it attaches none, but says so; a bare `usdt` it would pass over.
 */
function sectionOf(path: string, namespace: string, name: string, parameterised: boolean): string {
  const isLiteral =
    !parameterised && /^\/[^*:\s]+$/.test(path) && /^\w+$/.test(namespace) && /^\w+$/.test(name);
  return isLiteral ? `usdt/${path}:${namespace}:${name}` : 'usdt';
}

/** As many as SystemTap's sys/sdt.h gives a point; the loader refuses those that it has not. */
const MOST_ARGUMENTS = 12;

const FORMS = 'usdt:PATH[:NAMESPACE]:NAME, such as usdt:/usr/bin/node:gc__start';

export const usdt: Provider = { name: 'usdt', aliases: ['U'], resolve };

function resolve(attachPoint: AttachPoint, context: ProviderContext): readonly ProbeTarget[] {
  const fields = targetFields(attachPoint);
  const no = (
    code: ErrorCode,
    message: string,
    ...hints: readonly Hint[]
  ): readonly ProbeTarget[] => refuse(attachPoint, context, code, message, ...hints);
  if (fields.length > 3) return refuseCount(attachPoint, context, 'usdt', '2 or 3');
  const texts = fields.map((field) => field.text);
  const [path = ''] = texts;
  const name = texts.length > 1 ? (texts.at(-1) ?? '') : '';
  const namespace = texts.length === 3 ? (texts[1] ?? '') : '';
  // Without a path: the files of the process that -p names.
  if (path === '' && fields.length < 2)
    return no('attach-point-form', 'usdt probes should have a target', FORMS);
  if (name === '')
    return no('attach-point-form', 'usdt probe must have a target function or wildcard', FORMS);

  return [
    {
      provider: 'usdt',
      name: canonicalName('usdt', path, namespace, name),
      alias: attachPoint.alias,
      section: sectionOf(path, namespace, name, isParameterised(fields)),
      context: 'registers',
      space: 'user',
      defaultReturn: 0,
      // The pid is given when the probe is attached.
      filtersPid: false,
      registers: MOST_ARGUMENTS,
      hasRetval: false,
      function: undefined,
      // Without a namespace all of them are meant, and the name says which one it was.
      wildcard:
        path === '' ||
        isWildcard(path) ||
        namespace === '' ||
        isWildcard(namespace) ||
        isWildcard(name),
      target: { provider: 'usdt', path, namespace, name },
      parameterised: isParameterised(fields),
    },
  ];
}
