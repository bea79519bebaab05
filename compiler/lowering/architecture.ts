/**
 * What ties an object to the architecture that it was compiled for. Everything else (types, events, slots of arguments,
 * operands of USDT points) is adapted to the host when the object is loaded. In doubt it is a tie.
 */
import type { TypedExpression, TypedProbe } from '../analysis/typed.ts';
import type { Range } from '../source/source.ts';
import type { FunctionState, UnitState } from './state.ts';
import type { UnitContext } from './unit-state.ts';
import { someExpression, someInStatement } from './walk.ts';

export interface Tie {
  /** A clause: `arg2 is in a register of x86_64`. */
  readonly reason: string;
  /** In the script; undefined for what the command line brought. */
  readonly range: Range | undefined;
}

/** Notes that the expression which is being evaluated is one. */
export function tie(fn: FunctionState, reason: string): void {
  fn.unit.ties.push({ reason, range: fn.place ?? fn.program.probe.range });
}

/** All of a unit, each reason once a range. */
export function tiesOf(
  unit: UnitState,
  { ties = [], usedPrograms = new Set() }: Pick<UnitContext, 'ties' | 'usedPrograms'>,
): readonly Tie[] {
  const { arch } = unit.kernel;
  const all = [
    ...ties,
    ...unit.program.probes.flatMap((probe) => tiesOfProbe(probe, arch, usedPrograms)),
    ...unit.ties,
  ];
  const distinct = new Map(all.map((each) => [`${each.range?.start} ${each.reason}`, each]));
  return [...distinct.values()].sort(
    (one, other) => (one.range?.start ?? 0) - (other.range?.start ?? 0),
  );
}

/** Those that a probe has without a line of code: by where it stands, and by what its event says. */
function tiesOfProbe(
  probe: TypedProbe,
  arch: string,
  usedPrograms: ReadonlySet<string>,
): readonly Tie[] {
  const { target, range } = probe;
  const path = 'path' in target.target ? target.target.path : undefined;
  const at = (reason: string): Tie => ({ reason, range });
  return [
    ...(isWithinCode(probe) ? [at(`${target.name} is a place in code of ${arch}`)] : []),
    ...(target.provider === 'watchpoint'
      ? [at(`watchpoints have the addresses and modes of ${arch}`)]
      : []),
    ...(target.arguments
      ? [at(`args of ${target.name} are where a program for ${arch} has them`)]
      : []),
    ...(path !== undefined && usedPrograms.has(path)
      ? [at(`types and symbols of ${path} are those of a program for ${arch}`)]
      : []),
    ...systemCallNumbers(probe).map(
      ({ name, range }): Tie => ({
        reason: `${name} is a number of system calls of ${arch}`,
        range,
      }),
    ),
  ];
}

/** A probe at an address, or behind the first instruction of a function. */
function isWithinCode({ target: { target } }: TypedProbe): boolean {
  if (target.provider === 'kprobe') return 'address' in target || target.offset > 0;
  return target.provider === 'uprobe' && target.offset > 0;
}

/** What of an event is the number of a system call. */
function systemCallNumbers({
  target,
  predicate,
  body,
}: TypedProbe): readonly { readonly name: string; readonly range: Range }[] {
  const found: { name: string; range: Range }[] = [];
  const isEnter = target.target.provider === 'rawtracepoint' && target.target.event === 'sys_enter';
  const look = (expression: TypedExpression): boolean => {
    const { range } = expression;
    if (expression.kind === 'tracepoint-field') {
      const { category, field } = expression;
      if (field.name === '__syscall_nr' || (category === 'raw_syscalls' && field.name === 'id'))
        found.push({ name: `args.${field.name}`, range });
    } else if (expression.kind === 'context-argument' && isEnter && expression.index === 1) {
      const name = expression.host?.parameter;
      found.push({ name: name === undefined ? 'arg1' : `args.${name}`, range });
    }
    return false;
  };
  if (predicate) someExpression(predicate, look);
  someInStatement(body, look);
  return found;
}
