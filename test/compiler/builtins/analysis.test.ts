import { describe, expect, it } from 'vitest';
import { arityOf } from '../../../compiler/analysis/parameters.ts';
import type { TypedCall, TypedExpression } from '../../../compiler/analysis/typed.ts';
import { builtins } from '../../../compiler/builtins/builtins.ts';
import { typeName } from '../../../compiler/types/names.ts';
import { body, expectError, expectTypes, expectWarning, typed } from '../analysis/expect.ts';

/** The type of an expression in a probe. */
function typeOf(expression: string, probe = 'begin'): string {
  const program = typed(`${probe} { $result = ${expression}; print($result); }`);
  const variable = program.probes[0]?.variables.find(({ name }) => name === '$result');
  return variable ? typeName(variable.type) : 'none';
}

/** The typed expression of the script's first statement. */
function first(script: string): TypedExpression {
  const [statement] = body(script);
  switch (statement?.kind) {
    case 'expression-statement':
      return statement.expression;
    case 'assign-variable':
    case 'assign-map':
      return statement.value;
    default:
      throw new Error(`the script begins with ${statement?.kind}`);
  }
}

function firstCall(script: string): TypedCall {
  const expression = first(script);
  if (expression.kind !== 'call') throw new Error(`the script begins with ${expression.kind}`);
  return expression;
}

const KPROBE = 'kprobe:vfs_read';
const UPROBE = 'uprobe:/bin/true:main';
const RAW = 'rawtracepoint:sched_switch';
const TRACEPOINT = 'tracepoint:sched:sched_switch';

describe('values of the task', () => {
  it.each([
    ['pid', 'uint32'],
    ['tid', 'uint32'],
    ['pid()', 'uint32'],
    ['pid(init)', 'uint32'],
    ['tid(curr_ns)', 'uint32'],
    ['uid', 'uint64'],
    ['gid', 'uint64'],
    ['comm', 'string[16]'],
    ['cgroup', 'uint64'],
    ['curtask', 'struct task_struct *'],
    ['ppid', 'uint32'],
    ['cpid', 'uint32'],
    ['has_cpid', 'bool'],
    ['cpu', 'uint64'],
    ['ncpus', 'uint64'],
    ['numaid', 'uint32'],
    ['nsecs', 'uint64'],
    ['nsecs(monotonic)', 'uint64'],
    ['nsecs(tai)', 'uint64'],
    ['elapsed', 'uint64'],
    ['jiffies', 'uint64'],
    ['rand', 'uint32'],
  ])('%s has type %s', (expression, type) => {
    expect(typeOf(expression)).toBe(type);
  });

  it('[BLT-001] refuses unknown modes of pid and tid', () => {
    const wanted = 'pid() expects curr_ns or init';
    expectError('print(pid(host));', `${wanted} (host provided)`, 'host');
    expectError('print(tid("host"));', 'tid() expects curr_ns or init ("host" provided)', '"host"');
  });

  it('refuses unknown clocks', () => {
    expectError(
      'print(nsecs(wall));',
      'nsecs() expects monotonic, boot, tai or sw_tai (wall provided)',
      'wall',
    );
  });

  it('[BLT-005] finds the parent by way of the task', () => {
    expect(first('$x = ppid; print($x);')).toMatchObject({
      kind: 'cast',
      operand: {
        kind: 'member',
        member: { name: 'tgid' },
        base: { kind: 'member', member: { name: 'real_parent' }, base: { builtin: 'curtask' } },
      },
    });
    expect(typeOf('pcomm')).toBe('string[16]');
    expectError('print(ppid(1));', 'ppid() expects a struct task_struct * (integer provided)', '1');
  });
});

describe('values of the probe', () => {
  it('[BLT-022] knows the name of a probe, and prefers its alias', () => {
    expect(first(`${KPROBE} { print(probe) }`)).toMatchObject({
      args: [{ kind: 'string', value: 'kprobe:vfs_read' }],
    });
    expect(first(`config = {} read=${KPROBE} { print(probe) }`)).toMatchObject({
      args: [{ kind: 'string', value: 'read' }],
    });
  });

  it('[BLT-022] asks for the name where several events share a program', () => {
    expect(firstCall('tracepoint:sched:* { print(probe) }').args[0]?.type).toEqual({
      kind: 'probe',
    });
    expect(firstCall('kprobe:$1 { print(probe) }').args[0]?.type).toEqual({ kind: 'probe' });
  });

  it('[BLT-023] calls begin and end special', () => {
    expect(first('print(probetype)')).toMatchObject({ args: [{ value: 'special' }] });
    expect(first(`${KPROBE} { print(probetype) }`)).toMatchObject({ args: [{ value: 'kprobe' }] });
  });

  it('[BLT-021] knows the function, or asks for its address', () => {
    expect(first(`${KPROBE} { print(func) }`)).toMatchObject({
      args: [{ kind: 'string', value: 'vfs_read' }],
    });
    expect(firstCall('kprobe:$1 { print(func) }').args[0]?.type).toEqual({ kind: 'ksym' });
    for (const probe of ['uprobe:/bin/true:$1', 'uretprobe:/bin/true:$1', 'uprobe:/bin/true:m*'])
      expect(firstCall(`${probe} { print(func) }`).args[0]?.type).toEqual({ kind: 'probe' });
    expect(firstCall('uprobe:/bin/true:0x1040 { print(func) }').args[0]?.type).toEqual({
      kind: 'usym',
    });
    expectError('print(func)', 'func can not be used with "begin" probes', 'func');
  });

  it('[BLT-019] gives arguments where there are some', () => {
    expect(typeOf('arg0', KPROBE)).toBe('uint64');
    expect(typeOf('arg5', UPROBE)).toBe('uint64');
    expect(first(`${RAW} { $x = arg1; print($x); }`)).toMatchObject({
      kind: 'context-argument',
      index: 1,
      type: { kind: 'int', size: 8, signed: false },
    });
    expectError(`${KPROBE} { print(arg6) }`, 'arg6 is not available', 'arg6');
    expectError(`${RAW} { print(arg2) }`, 'arg2 is not available', 'arg2');
    expectError('print(arg0)', 'arg0 can not be used with "begin" probes', 'arg0');
    expectError(`${TRACEPOINT} { print(arg0) }`, 'arg0 can not be used with "tracepoint" probes');
  });

  it('[BLT-019] does not print args as a whole', () => {
    expectError(`${TRACEPOINT} { print(args) }`, 'print() can not print args', 'args');
    expectError('print(args)', 'args can not be used with "begin" probes', 'args');
  });

  it('[BLT-019] gives ctx as an address, but not in tracepoints', () => {
    expect(firstCall(`${KPROBE} { print(ctx) }`).args[0]?.type.kind).toBe('pointer');
    expectError(`${TRACEPOINT} { print(ctx) }`, 'Use args instead of ctx in tracepoint', 'ctx');
    expectError('print(ctx)', 'ctx can not be used with "begin" probes', 'ctx');
  });

  it('gives retval to return probes only', () => {
    expect(typeOf('retval', 'kretprobe:vfs_read')).toBe('uint64');
    expect(typeOf('retval', 'uretprobe:/bin/true:main')).toBe('uint64');
    expectError(`${KPROBE} { print(retval) }`, 'retval can not be used with "kprobe" probes');
  });

  it('keeps the context out of loops', () => {
    for (const name of ['arg0', 'ctx', 'usermode', 'reg("ip")', 'func']) {
      expectError(
        `${KPROBE} { for $i : 0..20 { print(${name}) } }`,
        `'${name.replace(/\(.*/, '')}' builtin is not allowed in a for-loop`,
        name,
      );
    }
  });

  it('[FUN-029] knows registers by the names of the architecture', () => {
    expect(firstCall(`${KPROBE} { $x = reg("ip"); print($x); }`).plan).toEqual({ offset: 128 });
    expect(firstCall(`${KPROBE} { $x = reg("r15"); print($x); }`).plan).toEqual({ offset: 0 });
    expectError(
      `${KPROBE} { print(reg("x0")) }`,
      "'x0' is not a valid register on this architecture (x86_64)",
      '"x0"',
    );
    expectError(`${TRACEPOINT} { print(reg("ip")) }`, 'reg can not be used with "tracepoint"');
  });
});

describe('stacks', () => {
  it('[FUN-055] takes a mode and a limit, in that order, each of them optional', () => {
    const stack = (expression: string) => firstCall(`$x = ${expression}; print($x);`).type;
    const kernel = { kind: 'stack', space: 'kernel' };
    expect(stack('kstack')).toEqual({ ...kernel, mode: 'bpftrace', limit: 127 });
    expect(stack('kstack()')).toEqual({ ...kernel, mode: 'bpftrace', limit: 127 });
    expect(stack('kstack(5)')).toEqual({ ...kernel, mode: 'bpftrace', limit: 5 });
    expect(stack('kstack(perf)')).toEqual({ ...kernel, mode: 'perf', limit: 127 });
    expect(stack('kstack(raw, 1024)')).toEqual({ ...kernel, mode: 'raw', limit: 1024 });
  });

  it('[FUN-056] reads build ids of user stacks only', () => {
    expect(firstCall('$x = ustack(build_id, 3); print($x);').type).toEqual({
      kind: 'stack',
      space: 'user',
      mode: 'build_id',
      limit: 3,
    });
    expectError('print(kstack(build_id));', 'build_id is a mode of ustack only', 'build_id');
  });

  it('refuses unknown modes and limits out of range', () => {
    expectError(
      'print(kstack(fancy));',
      'kstack() expects bpftrace, perf, raw or build_id as mode (fancy provided)',
      'fancy',
    );
    expectError('print(ustack(perf, 0));', 'from 1 to 1024 as limit (0 provided)', '0');
    expectError(
      'print(ustack(1025));',
      'ustack() expects an integer literal from 1 to 1024 as limit (1025 provided)',
      '1025',
    );
    expectError('print(ustack(pid(), 3));', 'as mode (a call expression provided)', 'pid()');
    expectError('print(ustack(perf, pid));', 'ustack() expects an integer literal', 'pid');
  });

  it('takes the mode of the config, but no build ids for the kernel', () => {
    const config = 'config = { stack_mode = build_id }';
    expect(firstCall(`${config} begin { $x = ustack; print($x); }`).type).toMatchObject({
      mode: 'build_id',
    });
    expect(firstCall(`${config} begin { $x = kstack; print($x); }`).type).toMatchObject({
      mode: 'bpftrace',
    });
  });

  it('accepts the older names with a warning', () => {
    expectWarning('print(stack);', 'stack is deprecated', 'stack');
    expectWarning('print(name);', 'name is deprecated', 'name');
  });
});

describe('printf and its like', () => {
  it('keeps arguments in their own types', () => {
    const call = firstCall('printf("%d %s %s\\n", pid, comm, true);');
    expect(call.args.map(({ type }) => typeName(type))).toEqual(['uint32', 'string[16]', 'bool']);
    expect(call.plan).toEqual({ format: '%d %s %s\n' });
    expect(call.type.kind).toBe('void');
  });

  it('reads aggregates as integers and enums as enums', () => {
    const script = '@a = avg(5); printf("%d %d\\n", @a, APPLE);';
    const [, statement] = body(script);
    expect(statement).toMatchObject({
      expression: { args: [{ type: { kind: 'int' } }, { type: { kind: 'enum' } }] },
    });
  });

  it('counts arguments', () => {
    expectError(
      'printf("%d %d", 1);',
      'printf: Not enough arguments for format string (1 supplied, 2 expected)',
      'printf("%d %d", 1)',
    );
    expectError(
      'cat("/proc/self/maps", 1);',
      'cat: Too many arguments for format string (1 supplied, 0 expected)',
    );
  });

  it('checks the types of arguments', () => {
    expectError(
      'printf("%d", comm);',
      "printf: unsupported format specifier for type 'string[16]': d",
      'comm',
    );
    expectError('printf("%f", 1);', 'printf: unsupported format specifier: f', '"%f"');
    expectError('printf("%*d", 1);', "a width or precision has to be a number, not '*': %*d");
    expectError('printf("%s", print(1));', 'unable to print none type for specifier: s');
  });

  it('wants a literal format', () => {
    expectError('printf(comm);', 'printf() expects a string literal', 'comm');
    expectError('printf();', 'printf() requires at least 1 argument (0 provided)');
  });

  it('[FUN-017] runs commands with --unsafe only', () => {
    expectError('system("ls");', 'system() is an unsafe function being used in safe mode');
    const options = { unsafe: true };
    expect(typed('system("ls %d", pid);', options).probes[0]?.body.statements[0]).toMatchObject({
      expression: { builtin: 'system', plan: { format: 'ls %d' } },
    });
  });
});

describe('print', () => {
  it('takes maps by reference and values by value', () => {
    expect(body('@x = 1; print(@x);')[1]).toMatchObject({
      expression: { builtin: 'print', map: '@x', args: [] },
    });
    expect(body('@x[1] = 1; print(@x, 5, 1000);')[1]).toMatchObject({
      expression: { map: '@x', plan: { top: 5, div: 1000 } },
    });
    expect(firstCall('print((1, "two"));')).toMatchObject({ args: [{ kind: 'tuple' }] });
  });

  it('prints the value of an element', () => {
    const [, statement] = body('@x["a"] = 1; print(@x["a"]);');
    expect(statement).toMatchObject({
      expression: { builtin: 'print', args: [{ kind: 'map', map: '@x' }] },
    });
    expect(statement).not.toMatchObject({ expression: { map: '@x' } });
  });

  it('refuses what cannot be printed so', () => {
    expectError('print(1, 2);', 'print() takes top and div for maps only', 'print(1, 2)');
    expectError('@x[1] = 1; print(@x[1], 2);', 'print() of a single element takes no further');
    expectError('@x[1] = hist(1); print(@x[1]);', 'cannot print the value of individual keys');
    expectError(
      '@x[1] = 1; print(@x, -1);',
      'print() expects an integer literal of at least 0 as top (-1 provided)',
      '-1',
    );
    expectError('@x[1] = 1; print(@x, pid);', 'print() expects an integer literal', 'pid');
    expectError('print(@x);', 'Undefined map: @x');
    expectError('print(clear(1));', 'clear() expects a map (1 provided)');
  });

  it('[FUN-007] warns that stats maps ignore top and div', () => {
    expectWarning('@x[1] = stats(1); print(@x, 5);', 'print() ignores top and div');
  });

  it('warns of maps that are printed in loops', () => {
    expectWarning('@x[1] = 1; for $i : 0..20 { print(@x); }', 'print(@x) in a loop');
  });
});

describe('str and buf', () => {
  it('[FUN-019] has max_strlen bytes without a length', () => {
    expect(typeOf('str(arg0)', UPROBE)).toBe('string[1024]');
    const script = `config = { max_strlen = 64 } ${UPROBE} { $x = str(arg0); print($x); }`;
    expect(firstCall(script)).toMatchObject({
      type: { size: 64 },
      plan: { reads: 64, showsCut: true },
    });
  });

  it('[FUN-022] does not show a cut from 1024 bytes on', () => {
    expect(firstCall(`${UPROBE} { $x = str(arg0); print($x); }`).plan).toEqual({
      reads: 1024,
      showsCut: false,
      skip: 0,
    });
  });

  it('[FUN-020] reads n bytes with the NUL', () => {
    expect(firstCall(`${UPROBE} { $x = str(arg0, 16); print($x); }`)).toMatchObject({
      type: { size: 17 },
      plan: { reads: 16, showsCut: false },
    });
    expect(typeOf('str(arg0, arg1)', UPROBE)).toBe('string[1024]');
  });

  it('reads user memory in user probes, kernel memory elsewhere, and what the type says', () => {
    const space = (script: string) => firstCall(script).args[0]?.type;
    expect(space(`${UPROBE} { $x = str(arg0); print($x); }`)).toMatchObject({ space: 'user' });
    expect(space(`${KPROBE} { $x = str(arg0); print($x); }`)).toMatchObject({ space: 'kernel' });
    expect(space(`${KPROBE} { $x = str(uptr(arg0)); print($x); }`)).toMatchObject({
      space: 'user',
    });
    expect(
      space('tracepoint:syscalls:sys_enter_openat { $x = str(args.filename); print($x); }'),
    ).toMatchObject({ space: 'user' });
    expect(space('interval:s:1 { $x = str(0); print($x); }')).toMatchObject({ space: 'kernel' });
  });

  it('gives text as it is', () => {
    expect(first('$x = str("abc"); print($x);')).toMatchObject({ kind: 'string', value: 'abc' });
    expect(first('$x = str("abcdef", 4); print($x);')).toMatchObject({ value: 'abc' });
    expect(first('$x = str($1); print($x);')).toMatchObject({
      kind: 'parameter',
      index: 1,
      type: { kind: 'string' },
    });
    expect(firstCall('$x = str($1 + 2); print($x);')).toMatchObject({
      args: [{ kind: 'parameter', type: { kind: 'string' } }],
      plan: { reads: 1024, skip: 2 },
    });
    expect(typed('print(str($2));').params).toEqual([{ index: 2, as: 'string' }]);
  });

  it('checks the address and the length', () => {
    expectError('print(str(kstack));', 'str() expects an integer or a pointer as source');
    expectError('print(str(0, -1));', 'str() cannot use negative length (-1)', '-1');
    expectError('print(str(0, "a"));', 'str() expects an integer as length (string provided)');
    expectError('print(str());', 'str() requires at least 1 argument (0 provided)');
    expectWarning('print(str(0, 2000));', 'length param (2000) is too long', '2000');
  });

  it('[FUN-023] takes the size of a buffer from its length or its array', () => {
    expect(typeOf('buf(arg0, 16)', UPROBE)).toBe('buffer[16]');
    expect(typeOf('buf(arg0, arg1)', UPROBE)).toBe('buffer[1020]');
    expect(typeOf('buf(curtask->words)')).toBe('buffer[8]');
    expect(typeOf('buf(curtask->words, 3)')).toBe('buffer[3]');
  });

  it('[FUN-024] shortens buffers to what max_strlen allows', () => {
    expectWarning('print(buf(0, 5000));', 'buf() length (5000) is too long', '5000');
    expect(firstCall('$x = buf(0, 5000); print($x);').type).toMatchObject({ size: 1020 });
  });

  it('checks the arguments of buf', () => {
    expectError('print(buf(0));', 'buf() expects a length argument for non-array type');
    expectError('print(buf(0, -1));', 'buf() cannot use negative length (-1)', '-1');
    expectError(
      'print(buf(kstack, 1));',
      'buf() expects an integer, a pointer, a string or an array as data',
    );
    expectError('print(buf(0, "a"));', 'buf() expects an integer as length', '"a"');
  });

  it('[FUN-077] keeps the type of a pointer that changes its address space', () => {
    expect(typeOf('kptr(curtask)')).toBe('struct task_struct *');
    expect(first('$x = uptr(curtask); print($x);').type).toMatchObject({ space: 'user' });
    expectError('print(uptr("a"));', 'uptr() expects an integer or a pointer (string provided)');
  });
});

describe('times', () => {
  it('[FUN-012] prints the time of day by default', () => {
    expect(firstCall('time();').plan).toEqual({ format: '%H:%M:%S\n' });
    expect(firstCall('time("%F");').plan).toEqual({ format: '%F' });
  });

  it('checks formats', () => {
    expectError('time("%H:%");', 'time: the format ends within a conversion: %', '"%H:%"');
    expectError('print(strftime("%Q", nsecs));', 'strftime: unknown conversion in the format: %Q');
    expectError('time(comm);', 'time() expects a string literal');
  });

  it('[FUN-014] refuses times that do not count from boot', () => {
    expectError(
      'print(strftime("%H", nsecs(monotonic)));',
      'strftime() can not take a monotonic timestamp',
      'nsecs(monotonic)',
    );
    expectError('print(strftime("%H", -1));', 'strftime() can not take a negative time', '-1');
    expectError(
      'print(strftime("%H", comm));',
      'strftime() expects an integer as time (string provided)',
    );
    expect(typeOf('strftime("%H", nsecs)')).toBe('timestamp');
  });
});

describe('exit and join', () => {
  it('takes an exit code or none', () => {
    expect(firstCall('exit();').args).toEqual([]);
    expect(firstCall('exit(3);').args).toHaveLength(1);
    expectError('exit("a");', 'exit() expects an integer (string provided)');
  });

  it('[FUN-016] joins with a space unless told otherwise', () => {
    expect(firstCall(`${UPROBE} { join(arg0) }`)).toMatchObject({
      plan: { separator: ' ' },
      args: [{ type: { kind: 'pointer', space: 'user' } }],
    });
    expect(firstCall(`${UPROBE} { join(arg0, ",") }`).plan).toEqual({ separator: ',' });
    expectError('join("a");', 'join() expects an integer or a pointer as array (string provided)');
  });
});

describe('functions of maps', () => {
  it('deletes elements and scalars', () => {
    expect(body('@x[1] = 1; delete(@x, 1);')[1]).toMatchObject({
      expression: { builtin: 'delete', map: '@x', args: [{ kind: 'int' }] },
    });
    const program = typed('@x = 1; delete(@x);');
    expect(program.maps).toMatchObject([{ name: '@x', deleted: true }]);
    expectTypes('@x[1] = 1; $d = delete(@x, 1); print($d);', { $d: 'bool' });
  });

  it('takes a tuple for several keys', () => {
    expect(body('@x[1, "a"] = 1; delete(@x, (1, "a"));')[1]).toMatchObject({
      expression: { args: [{ kind: 'tuple' }] },
    });
  });

  it('accepts the older form with a warning', () => {
    expectWarning('@x[1] = 1; delete(@x[1]);', 'delete(@x[...]) is deprecated', 'delete(@x[1])');
    expectWarning('@x[1, 2] = 1; delete(@x[1, 2]);', 'delete(@x[...]) is deprecated');
  });

  it('keeps keyed and scalar maps apart', () => {
    expectError('@x[1] = 1; delete(@x);', 'delete() needs a key for @x');
    expectError('@x = 1; delete(@x, 1);', 'previously used without an explicit key');
    expectError('@x = 1; print(has_key(@x, 1));', 'previously used without an explicit key');
    expectError('@x = 1; print(len(@x));', 'len() expects a map with explicit keys');
    expectError('delete(1);', 'delete() expects a map', '1');
    expectError('@x[1] = 1; delete(@x[1], 1);', 'delete() expects a map without a key');
  });

  it('[FUN-060] asks for keys', () => {
    expectTypes('@x["a"] = 1; $has = has_key(@x, "b"); print($has);', { $has: 'bool' });
    expectError('@x["a"] = 1; print(has_key(@x, 1));', 'Argument mismatch for @x');
    expectError('print(has_key(1, 1));', 'has_key() expects a map (1 provided)');
  });

  it('[FUN-060] finds values into variables', () => {
    const script = '@x[1] = (uint64)7; if (find(@x, 1, $v)) { print($v); }';
    expectTypes(script, { $v: 'uint64' });
    expectTypes(`let $v; ${script}`, { $v: 'uint64' });
    const statement = body(script).find(({ kind }) => kind === 'if');
    if (statement?.kind !== 'if') throw new Error('there is no if');
    const { condition } = statement;
    if (condition.kind !== 'conditional') throw new Error(`the condition is ${condition.kind}`);
    expect(condition.condition).toMatchObject({ builtin: 'has_key', map: '@x' });
    expect(condition.then).toMatchObject({
      statements: [{ kind: 'assign-variable', value: { kind: 'map', map: '@x' } }],
    });
    expectError(
      '@x[1] = 1; find(@x, 1, 5);',
      'find() expects a variable as target (5 provided)',
      '5',
    );
    expectError('find(1, 1, $v);', 'find() expects a map (1 provided)', '1');
  });

  it('[FUN-058] measures maps and stacks', () => {
    expectTypes('@x[1] = 1; $n = len(@x); $f = len(kstack); print(($n, $f));', {
      $n: 'int64',
      $f: 'int64',
    });
    expectTypes('@s = kstack; $f = len(@s); print($f);', { $f: 'int64' });
    expectError('print(len(5));', 'len() expects a map or stack to be provided', '5');
  });

  it('clears and zeroes maps', () => {
    expect(body('@x[1] = 1; clear(@x); zero(@x);').slice(1)).toMatchObject([
      { expression: { builtin: 'clear', map: '@x' } },
      { expression: { builtin: 'zero', map: '@x' } },
    ]);
    expectError('@x[1] = 1; clear(@x[1]);', 'clear() expects a map (@x[...] provided)', '@x[1]');
    expectError('zero(5);', 'zero() expects a map (5 provided)', '5');
  });
});

describe('strings, symbols and integers', () => {
  it('[FUN-039] measures and folds', () => {
    expect(typeOf('strlen(comm)')).toBe('uint64');
    expect(first('$x = strlen("abc"); print($x);')).toMatchObject({ kind: 'int', value: 3n });
    expectError('print(strlen(5));', 'strlen() expects a string (integer provided)', '5');
  });

  it('[FUN-040] compares so many characters', () => {
    expect(firstCall('$x = strncmp(comm, "ba", 2); print($x);').plan).toEqual({ count: 2n });
    expect(firstCall('$x = strncmp(comm, "ba", 200); print($x);').plan).toEqual({ count: 3n });
    expect(first('$x = strncmp("abc", "abd", 2); print($x);')).toMatchObject({ value: 0n });
    expectError('print(strncmp(comm, "ba", pid));', 'strncmp() expects an integer literal');
    expectError(
      'print(strncmp(comm, "ba", -1));',
      'strncmp() expects an integer literal of at least 0 as length (-1 provided)',
    );
  });

  it('[FUN-041] searches, within what the verifier bears', () => {
    expect(typeOf('strcontains(comm, "sh")')).toBe('bool');
    expect(first('$x = strcontains("bash", "as"); print($x);')).toMatchObject({ value: 1n });
    expect(first('$x = strstr("bash", "x"); print($x);')).toMatchObject({ value: -1n });
    expectError('print(strcontains(str(0), str(0)));', 'strcontains() would take up to');
  });

  it('[FUN-036] swaps integers only', () => {
    expect(typeOf('bswap((int16)1)')).toBe('uint16');
    expect(typeOf('bswap(nsecs)')).toBe('uint64');
    expectError('print(bswap(comm));', 'bswap() expects an integer (string provided)');
  });

  it('makes symbols of addresses', () => {
    expect(typeOf('ksym(nsecs)')).toBe('ksym_t');
    expect(typeOf('usym(curtask)')).toBe('usym_t');
    expectError('print(ksym("a"));', 'ksym() expects an integer or a pointer (string provided)');
  });
});

describe('the number of arguments', () => {
  const called = (name: string, count: number) =>
    `print(${name}(${new Array(count).fill('1').join(', ')}));`;

  it.each(builtins.map(({ name, parameters }) => [name, ...arityOf(parameters)] as const))(
    'of %s is checked',
    (name, least, most) => {
      if (least > 0) expectError(called(name, least - 1), `${name}() requires `);
      if (Number.isFinite(most)) expectError(called(name, most + 1), `${name}() requires `);
    },
  );

  it('is named in the message', () => {
    expectError('print(pid(1, 2));', 'pid() requires at most 1 argument (2 provided)');
    expectError('print(cpu(1));', 'cpu() requires no arguments (1 provided)');
    expectError('print(has_key());', 'has_key() requires 2 arguments (0 provided)');
  });
});
