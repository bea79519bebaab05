/**
 * A kprobe and a kretprobe of the same functions as one program: where the kernel has kprobe.session (Linux 6.10),
 * one link runs it at both ends of a function. Elsewhere the loader takes the two programs that it stands for.
 *
 * kprobe:f { A }  kretprobe:f { B }  =>  { if (bpf_session_is_return()) { B } else { A }  return 0 }
 */
import type { TypedProbe, TypedProgram } from '../analysis/typed.ts';
import type { FunctionBuilder, IrPointer } from '../llvm/ir.ts';
import { lowerProgram } from './program.ts';
import type { UnitState } from './state.ts';
import { usesCall } from './walk.ts';

export interface Session {
  readonly symbol: string;
  readonly entry: TypedProbe;
  readonly exit: TypedProbe;
}

/** Pairs of blocks with one attach point each and the same target; a target of three blocks or more has none. */
export function findSessions({ probes }: TypedProgram): readonly Session[] {
  const alone = probes.filter(({ block }) => {
    return probes.filter((other) => other.block === block).length === 1;
  });
  const groups = new Map<string, TypedProbe[]>();
  for (const probe of alone) {
    const target = sessionTarget(probe);
    if (target !== undefined) groups.set(target, [...(groups.get(target) ?? []), probe]);
  }
  return [...groups.values()].flatMap((group): readonly Session[] => {
    const entry = group.find(({ target }) => target.provider === 'kprobe');
    const exit = group.find(({ target }) => target.provider === 'kretprobe');
    if (group.length !== 2 || !entry || !exit || group.some(isExcluded)) return [];
    return [{ symbol: `${entry.symbol}_session`, entry, exit }];
  });
}

/** The function as the script names it; undefined where a link of many functions cannot stand. */
function sessionTarget({ target: { target } }: TypedProbe): string | undefined {
  if (target.provider !== 'kprobe' && target.provider !== 'kretprobe') return undefined;
  if (!('function' in target) || target.module !== undefined || target.offset !== 0)
    return undefined;
  return target.function;
}

/**
 * A session link does otherwise what these need: since Linux 6.14 its programs see argument registers only, and it does
 * not let a program change what a function returns.
 */
function isExcluded(probe: TypedProbe): boolean {
  return usesCall(probe, ({ traits }) => traits.notInSession === true);
}

/** The halves are subprograms, so that each has the stack to itself. */
export function lowerSession(
  unit: UnitState,
  drafts: UnitState,
  session: Session,
  ir: FunctionBuilder,
  context: IrPointer,
): void {
  const half = (which: 'entry' | 'exit'): string => {
    const symbol = `${session.symbol}_${which}`;
    const probe: TypedProbe = { ...session[which], symbol, session: which };
    unit.subprogram(
      {
        symbol,
        role: 'subprogram',
        parameters: [{ name: 'ctx', type: undefined }],
        returns: undefined,
      },
      ['ptr'],
      (body, [ctx]) => lowerProgram(unit, drafts, probe, body, (ctx ?? context) as IrPointer),
    );
    return symbol;
  };
  const [entry, exit] = [half('entry'), half('exit')];
  const site = unit.sites.number({ kind: 'session', symbol: session.symbol, value: 0 });
  // Kernels before 7.0 take no argument. A function that returns bool leaves the register's upper bits undefined.
  const isReturn = ir.toBool(ir.op('and', ir.siteCall(site, context), ir.constant(1)));
  ir.if_(
    isReturn,
    () => void ir.callFunction(exit, [context]),
    () => void ir.callFunction(entry, [context]),
  );
  // Anything else at the entry would keep the kernel from running it at the return.
  ir.return_(ir.constant(0));
}
