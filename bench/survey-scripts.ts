/** Scripts from the grammar and the table of built-ins, as older versions of the language may take them too. */
import type { Builtin } from '../compiler/builtins/builtin.ts';
import { builtins } from '../compiler/builtins/builtins.ts';

/** Whole numbers below `limit`, the same for the same seed (mulberry32). */
export type Random = (limit: number) => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return Math.floor((((value ^ (value >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/** Attach points, what holds their arguments, and whether values of these are text in user memory. */
interface Site {
  readonly point: string;
  readonly numbers: readonly string[];
  readonly texts: readonly string[];
}

const SITES: readonly Site[] = [
  { point: 'BEGIN', numbers: [], texts: [] },
  { point: 'END', numbers: [], texts: [] },
  { point: 'interval:s:1', numbers: [], texts: [] },
  { point: 'profile:hz:99', numbers: [], texts: [] },
  {
    point: 'tracepoint:syscalls:sys_enter_openat',
    numbers: ['args->dfd', 'args->flags', 'args->mode'],
    texts: ['str(args->filename)', 'str(args->filename, 32)'],
  },
  {
    point: 'tracepoint:syscalls:sys_exit_read',
    numbers: ['args->ret'],
    texts: [],
  },
  {
    point: 'tracepoint:sched:sched_switch',
    numbers: ['args->prev_pid', 'args->next_prio', 'args->prev_state'],
    texts: ['args->next_comm', 'args->prev_comm'],
  },
  { point: 'tracepoint:raw_syscalls:sys_enter', numbers: ['args->id'], texts: [] },
  { point: 'software:page-faults:100', numbers: [], texts: [] },
  { point: 'hardware:cache-misses:1000', numbers: [], texts: [] },
  {
    point: 'uprobe:/bin/bash:readline',
    numbers: ['arg0', 'arg1', 'reg("ip")'],
    texts: ['str(arg0)'],
  },
  { point: 'uretprobe:/bin/bash:readline', numbers: ['retval'], texts: ['str(retval)'] },
  {
    point: 'kprobe:vfs_read',
    numbers: ['arg0', 'arg2', '((struct file *)arg0)->f_flags'],
    texts: [],
  },
  { point: 'kretprobe:vfs_read', numbers: ['retval'], texts: [] },
];

const NUMBERS = [
  'pid',
  'tid',
  'uid',
  'gid',
  'cpu',
  'nsecs',
  'elapsed',
  'rand',
  'cgroup',
  '$1',
  '$#',
];
const TEXTS = ['comm', '"abc"', '"a b\\n"', 'str($1)'];
const LITERALS = ['0', '1', '7', '0x1f', '1000000', '1e3', '077', '-5', '0xffffffff'];
const BINARY = [
  '+',
  '-',
  '*',
  '/',
  '%',
  '&',
  '|',
  '^',
  '<<',
  '>>',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '&&',
  '||',
];
const COMPOUND = ['=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=', '<<=', '>>='];
const FORMATS = ['%d', '%u', '%x', '%lld', '%llu', '%lx', '%5d', '%-8d', '%08x', '%c', '%p'];
const CASTS = ['uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'uint64', 'int64'];

/** A call of a built-in with arguments of the kinds that its parameters take. */
export interface Call {
  readonly builtin: string;
  readonly text: string;
}

/** Every built-in, in the forms that its parameters allow. */
export function callsOfBuiltins(): readonly Call[] {
  return builtins.flatMap((builtin) =>
    formsOf(builtin).map((text) => ({ builtin: builtin.name, text })),
  );
}

function formsOf({ name, parameters }: Builtin): readonly string[] {
  const all = Object.values(parameters ?? {});
  const needed = all.filter(({ optional }) => !optional);
  const forms = new Set<string>(all.length === 0 ? [name, `${name}()`] : []);
  for (const chosen of [needed, all])
    if (chosen.length > 0 || all.length > 0)
      forms.add(`${name}(${chosen.map(argumentFor).join(', ')})`);
  return [...forms];
}

type Parameter = NonNullable<Builtin['parameters']>[string];

function argumentFor(parameter: Parameter): string {
  switch (parameter.takes) {
    case 'value':
      if (parameter.kinds.includes('integer')) return 'pid';
      if (parameter.kinds.includes('string')) return 'comm';
      if (parameter.kinds.includes('string literal')) return '"%d"';
      return parameter.kinds.includes('pointer') && !parameter.kinds.includes('integer')
        ? '(uint64 *)nsecs'
        : 'pid';
    case 'text':
      return '"a"';
    case 'number':
      return String(parameter.least ?? parameter.most ?? 4n);
    case 'word':
      return parameter.words[0] ?? '';
    case 'map':
      return '@MAP_k';
    case 'variable':
      return '$v';
    case 'expression':
      return 'pid';
    case 'type':
      return 'struct task_struct';
  }
}

/** One probe. `MAP` in it is a prefix, so that many scripts can be one. */
export function scriptFrom(random: Random, calls: readonly Call[]): string {
  const pick = <T>(items: readonly T[]): T => {
    const item = items[random(items.length)];
    if (item === undefined) throw new Error('nothing to choose from');
    return item;
  };
  const site = pick(SITES);
  const variables: string[] = [];

  const number = (depth: number): string => {
    if (depth <= 0 || random(3) === 0) {
      const simple = [...NUMBERS, ...LITERALS, ...site.numbers, ...site.numbers, ...variables];
      return pick(simple);
    }
    switch (random(8)) {
      case 0:
        return `(${number(depth - 1)} ${pick(BINARY)} ${number(depth - 1)})`;
      case 1:
        return `(${number(depth - 1)} ? ${number(depth - 1)} : ${number(depth - 1)})`;
      case 2:
        return `(${pick(CASTS)})${number(0)}`;
      case 3:
        return `${pick(['-', '!', '~'])}(${number(depth - 1)})`;
      case 4:
        return `@MAP_n[${key()}]`;
      case 5:
        return random(2)
          ? `(${text()} ${pick(['==', '!='])} ${text()})`
          : `strncmp(${text()}, ${text()}, 3)`;
      case 6:
        return `(${number(0)}, ${number(0)}, ${text()}).${random(2)}`;
      default:
        return `${number(depth - 1)} ${pick(BINARY)} ${number(depth - 1)}`;
    }
  };
  const text = (): string => pick([...TEXTS, ...site.texts, ...site.texts]);
  const key = (): string => pick(['pid', 'tid', 'cpu', 'uid']);
  const condition = (): string => `${number(1)} ${pick(['==', '!=', '<', '>'])} ${number(1)}`;

  const print = (): string => {
    const values: string[] = [];
    let format = '';
    for (let i = random(4); i >= 0; i--) {
      const asText = random(3) === 0;
      format += `${pick(['', 'x ', '%% ', 'a='])}${asText ? pick(['%s', '%-16s', '%10s']) : pick(FORMATS)} `;
      values.push(asText ? text() : number(1));
    }
    return `printf("${format}\\n", ${values.join(', ')});`;
  };

  const statement = (depth: number): string => {
    switch (random(depth > 0 ? 18 : 13)) {
      case 0:
      case 1:
        return print();
      case 2:
        return `@MAP_n[${key()}] ${pick(COMPOUND)} ${number(2)};`;
      case 3: {
        const value = number(1);
        const name = `$v${variables.length}`;
        variables.push(name);
        return `${name} = ${value};`;
      }
      case 4:
        return variables.length === 0
          ? '@MAP_c = count();'
          : `${pick(variables)} ${pick(COMPOUND)} ${number(1)};`;
      case 5:
        return `@MAP_${pick(['s = sum', 'a = avg', 'i = min', 'x = max', 'st = stats', 'h = hist'])}(${number(1)});`;
      case 6:
        return `@MAP_lh[${text()}] = lhist(${number(1)}, 0, 100, 10);`;
      case 7:
        return `@MAP_${pick(['ks[kstack', 'us[ustack'])}${pick(['', '(3)', '(perf)', '(perf, 5)'])}] = count();`;
      case 8:
        return `@MAP_t${pick(['c[AT] = count()', `s[AT] = sum(${number(1)})`, `h[AT] = hist(${number(1)})`])};`.replace(
          'AT',
          `${text()}, ${number(1)}`,
        );
      case 9:
        return pick([
          '@MAP_p++;',
          '++@MAP_p;',
          '@MAP_p--;',
          '@MAP_q[pid]++;',
          `print(${number(1)});`,
          `print((1, ${text()}));`,
        ]);
      case 10:
        return pick([
          'print(@MAP_n);',
          'clear(@MAP_n);',
          'zero(@MAP_n);',
          'delete(@MAP_n[pid]);',
          'print(@MAP_n, 3);',
          'print(@MAP_n, 3, 2);',
        ]).replace(/^/, '@MAP_n[pid] = 1; ');
      case 11:
        return calls.length === 0 ? print() : callStatement(pick(calls).text);
      case 12:
        return pick([
          'time("%H:%M:%S\\n");',
          'time();',
          '@MAP_tm = strftime("%H", nsecs);',
          `@MAP_o = ${text()};`,
        ]);
      case 13:
      case 14:
        return `if (${condition()}) { ${block(depth - 1)} }${random(2) ? ` else { ${block(depth - 1)} }` : ''}`;
      case 15:
        return `unroll(${1 + random(4)}) { ${block(0)} }`;
      case 16:
        return `if (${condition()}) { ${block(depth - 1)} } else if (${condition()}) { ${block(0)} }`;
      default:
        return `/* ${pick(['a', 'comment'])} */ ${statement(0)}`;
    }
  };
  /** Variables of a block are its own. */
  const block = (depth: number): string => {
    const outer = variables.length;
    const statements = Array.from({ length: 1 + random(3) }, () => statement(depth));
    variables.length = outer;
    return statements.join(' ');
  };

  const predicate = random(3) === 0 ? ` /${condition()}/` : '';
  const statements = Array.from({ length: 1 + random(4) }, () => statement(2)).join(' ');
  // A map has to be written somewhere.
  const before = /@MAP_n\[/.test(`${predicate}${statements}`) ? '@MAP_n[tid] = 1; ' : '';
  return `${site.point}${predicate} { ${before}${statements} }`;
}

/** A call as a statement: for its effect, or for its value. */
export function callStatement(text: string): string {
  const before = `${text.includes('@MAP_k') ? '@MAP_k[pid] = 1; ' : ''}${text.includes('$v') ? '$v = 1; ' : ''}`;
  return `${before}${EFFECTS.test(text) ? text : `@MAP_r_${text.replace(/\W.*/s, '')}${text.length} = ${text}`};`;
}

const EFFECTS =
  /^(?:printf|print|clear|zero|delete|time|join|cat|system|exit|signal|override|unwatch|skboutput|errorf|warnf|fail|debugf|write_user)\b/;
