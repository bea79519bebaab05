/** Reads and writes of an address, and jumps to it: hardware breakpoints. */
import type { Hint } from '../source/advice.ts';
import type { ErrorCode } from '../source/codes.ts';
import type { AttachField } from '../syntax/ast.ts';
import { parseInteger } from '../syntax/literals.ts';
import { canonicalName, isParameterised, refuse, refuseCount, targetFields } from './fields.ts';
import { perfProgram } from './perf-program.ts';
import type { Provider } from './probe.ts';

const NAME = 'watchpoint';

/** What the processor can watch for; letters in their order. x86 has no bits for reads alone. */
function modesOf(arch: string): readonly string[] {
  return arch.startsWith('x86') ? ['w', 'rw', 'x'] : ['r', 'w', 'rw', 'x'];
}

export const watchpoint: Provider = {
  name: NAME,
  aliases: ['w'],
  resolve(attachPoint, context) {
    const fields = targetFields(attachPoint);
    const [addressField, lengthField, modeField] = fields;
    const no = (code: ErrorCode, message: string, ...hints: readonly Hint[]) =>
      refuse(attachPoint, context, code, message, ...hints);
    if (!addressField || !lengthField || !modeField || fields.length > 3)
      return refuseCount(attachPoint, context, NAME, '3');
    const address = readNumber(addressField);
    if (address === undefined)
      return no('attach-point-value', `invalid address '${addressField.text}'`);
    if (address === '0')
      return no('attach-point-value', 'watchpoint must be attached to a non-zero address');
    const length = readNumber(lengthField);
    if (length === undefined || (!isParameterised([lengthField]) && !/^[1248]$/.test(length)))
      return no('attach-point-value', 'watchpoint length must be one of (1,2,4,8)');
    const mode = [...modeField.text].sort().join('');
    if (!/^[rwx]+$/.test(mode))
      return no('attach-point-value', 'watchpoint mode must be combination of (r,w,x)');
    if (/(.)\1/.test(mode))
      return no('attach-point-value', 'watchpoint modes may not be duplicated');
    const modes = modesOf(context.kernel.arch);
    if (!modes.includes(mode))
      return no(
        'attach-point-value',
        `invalid watchpoint mode: ${modeField.text}`,
        `The processor (${context.kernel.arch}) has ${modes.join(', ')}.`,
      );
    return [
      perfProgram(
        attachPoint,
        canonicalName(NAME, address, length, mode),
        { provider: NAME, address, length, mode },
        isParameterised(fields),
      ),
    ];
  },
};

/** In decimal, or with parameters as it stands; undefined where it is no number. */
function readNumber(field: AttachField): string | undefined {
  if (isParameterised([field])) return field.text;
  const result = parseInteger(field.text);
  return 'value' in result ? result.value.toString() : undefined;
}
