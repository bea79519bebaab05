/** signal and signal_thread: send a signal to the current process or thread. */

import type { HelperName } from '../../linker/contract/helpers.ts';
import type { AnalysisScope } from '../analysis/builtin.ts';
import { followsKernel } from '../analysis/conversion.ts';
import { value } from '../analysis/parameters.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import { UINT32, VOID } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { argument, cast, constant, unavailable } from './use.ts';

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

/** The number of a signal; undefined after reporting that there is no such. */
function signalNumber(signal: TypedExpression, scope: AnalysisScope): TypedExpression | undefined {
  if (signal.kind === 'string') {
    const number = numberOf(signal.value);
    if (number !== undefined) return constant(BigInt(number), UINT32, signal);
    scope.error(
      'argument-value',
      `Invalid string for signal: ${signal.value}`,
      signal.range,
      'Names are those of signal(7), such as "SIGTERM" or "TERM".',
    );
    return undefined;
  }
  const isKnown = signal.kind === 'int' && !followsKernel(signal);
  if (isKnown && (signal.value < 1n || signal.value > LAST)) {
    scope.error(
      'argument-value',
      `${signal.value} is not a valid signal, allowed range: [1,${LAST}]`,
      signal.range,
    );
    return undefined;
  }
  return signal;
}

function sender(name: string, helper: HelperName, summary: string): Builtin {
  return defineBuiltin({
    ...{ name, summary },
    traits: { unsafe: true },
    parameters: { signal: value('integer', 'string literal') },
    needsProbe: true,
    analyse({ signal }, use, scope) {
      if (WITHOUT_TASK.has(scope.probe.provider)) return unavailable(use, scope);
      const number = signalNumber(signal, scope);
      return number && typed(VOID, { args: [cast(number, UINT32)] });
    },
    lower(call, lowering) {
      lowering.call(helper, lowering.value(argument(call, 0)));
      return undefined;
    },
  });
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
