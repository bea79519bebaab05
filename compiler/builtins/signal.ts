/** signal and signal_thread: send a signal to the current process or thread. */
import type { TypedExpression } from '../analysis/typed.ts';
import type { HelperName } from '../lowering/helpers.ts';
import { kindName } from '../types/names.ts';
import { UINT32, VOID } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import { argument, isInteger, typedCall, unavailable } from './use.ts';

/** By number: include/uapi/asm-generic/signal.h, which x86 and arm64 share. */
const NAMES: readonly string[] =
  ' HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(
    ' ',
  );
const ALIASES: Readonly<Record<string, string>> = { IOT: 'ABRT', POLL: 'IO', CLD: 'CHLD' };
/** _NSIG. */
const LAST = 64n;

/** Probes whose current task is not what the script is about. */
const WITHOUT_TASK: ReadonlySet<string> = new Set(['begin', 'end', 'interval']);

/** `SIGKILL` or `KILL` => 9. */
function numberOf(text: string): number | undefined {
  const name = text.replace(/^SIG/, '');
  const number = NAMES.indexOf(ALIASES[name] ?? name);
  return number > 0 ? number : undefined;
}

function analyse(use: BuiltinUse, scope: AnalysisScope): TypedExpression | undefined {
  if (WITHOUT_TASK.has(scope.probe.provider)) return unavailable(use, scope);
  const [given] = use.args;
  if (given === undefined) return undefined;
  const signal = scope.expression(given);
  const call = (value: TypedExpression): TypedExpression =>
    typedCall(use.name, use, VOID, {
      args: [{ kind: 'cast', type: UINT32, operand: value, range: value.range }],
    });
  if (signal.kind === 'string') {
    const number = numberOf(signal.value);
    if (number !== undefined)
      return call({
        kind: 'int',
        type: UINT32,
        value: BigInt(number),
        flexible: false,
        range: signal.range,
      });
    scope.error(
      `Invalid string for signal: ${signal.value}`,
      given.range,
      'Names are those of signal(7), such as "SIGTERM" or "TERM".',
    );
    return undefined;
  }
  if (!isInteger(signal.type)) {
    scope.error(
      `${use.name}() only supports string literals and integers (${kindName(signal.type)} provided)`,
      given.range,
    );
    return undefined;
  }
  if (signal.kind === 'int' && (signal.value < 1n || signal.value > LAST)) {
    scope.error(`${signal.value} is not a valid signal, allowed range: [1,${LAST}]`, given.range);
    return undefined;
  }
  return call(signal);
}

function sender(name: string, helper: HelperName, summary: string): Builtin {
  return {
    name,
    arity: [1, 1],
    needsProbe: true,
    unsafe: true,
    summary,
    analyse,
    lower(call, lowering) {
      lowering.call(helper, lowering.value(argument(call, 0)));
      return undefined;
    },
  };
}

export const signal: Builtin = sender(
  'signal',
  'send_signal',
  'Sends a signal, by name or number, to the current process.',
);

export const signalThread: Builtin = sender(
  'signal_thread',
  'send_signal_thread',
  'Sends a signal, by name or number, to the current thread.',
);
