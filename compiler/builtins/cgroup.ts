/** cgroup and cgroup_path: the current task's control group, and the path of one. */
import { kindName } from '../types/names.ts';
import { UINT64 } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { argument, isInteger, plainValue, textLiteral, typedCall } from './use.ts';

export const cgroup: Builtin = plainValue(
  'cgroup',
  UINT64,
  "Id of the current task's cgroup (version 2).",
  (lowering) => lowering.call('get_current_cgroup_id'),
);

export const cgroupid: Builtin = {
  name: 'cgroupid',
  arity: [1, 1],
  summary: 'Id of the cgroup (version 2) of a folder, found out when the program is loaded.',
  analyse(use, scope) {
    const path = scope.stringLiteral(use.args[0], use);
    return path === undefined
      ? undefined
      : typedCall('cgroupid', use, UINT64, { literals: [path] });
  },
  lower: (call, lowering) => lowering.hostValue({ kind: 'cgroup', name: textLiteral(call, 0) }),
};

export const cgroupPath: Builtin = {
  name: 'cgroup_path',
  arity: [1, 2],
  summary:
    'Path of a cgroup by its id, in the hierarchies that a pattern matches (all), when it is printed.',
  analyse(use, scope) {
    const [given, pattern] = use.args;
    if (given === undefined) return undefined;
    const id = scope.expression(given);
    const filter = pattern === undefined ? '*' : scope.stringLiteral(pattern, use);
    if (!isInteger(id.type)) {
      scope.error(
        `cgroup_path() only supports integer arguments (${kindName(id.type)} provided)`,
        given.range,
      );
      return undefined;
    }
    if (filter === undefined) return undefined;
    return typedCall(
      'cgroup_path',
      use,
      { kind: 'cgroup_path' },
      {
        args: [{ kind: 'cast', type: UINT64, operand: id, range: id.range }],
        literals: [filter],
      },
    );
  },
  /** {u64 id, u32 pattern, u32 unused} */
  lowerInto(call, lowering, to) {
    const { ir } = lowering;
    ir.store(to.pointer, 0, 8, lowering.value(argument(call, 0)));
    ir.store(to.pointer, 8, 4, ir.constant(lowering.format(textLiteral(call, 0))));
    ir.store(to.pointer, 12, 4, ir.constant(0));
  },
};
