/** What bpftool reads, in the kernel, of types and lines that an object brings, beside what the script says and the loader prints. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bpftool } from '../support/kernel.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

/** Numbers of the maps or programs that a process holds. */
function held(pid: number, what: 'map_id' | 'prog_id'): readonly string[] {
  const folder = `/proc/${pid}/fdinfo`;
  const numbers = readdirSync(folder).flatMap((fd) => {
    const found = new RegExp(`^${what}:\\t(\\d+)$`, 'm').exec(
      readFileSync(`${folder}/${fd}`, 'utf8'),
    );
    return found?.[1] === undefined ? [] : [found[1]];
  });
  return [...new Set(numbers)];
}

/** The last parts of what is nested, in order. */
function leaves(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [value];
  return Object.values(value).flatMap(leaves);
}

interface Named {
  readonly id: number;
  readonly name?: string;
}

interface Entry {
  readonly formatted: {
    readonly key?: unknown;
    readonly value?: unknown;
    readonly values?: readonly { readonly value: unknown }[];
  };
}

const MAPS = `begin {
  @k[(int32)-7] = (int64)-9007199254740991;
  @k[(int32)7] = (int64)5;
  @t[1, "abc", (uint8)200, (int16)-300] = (int16)-3;
  @t[-1, "", (uint8)1, (int16)0] = (int16)3;
  @s["key"] = "value";
  @s["a key of more than thirty-two characters"] = "";
  @v[(uint16)65535] = ((uint8)9, (int32)-1, "in", ((uint8)1, (uint64)2));
  @r[1] = (first = (uint8)9, second = "text");
  @b[(true, false)] = true;
  @e[(uint8[4])0x04030201] = 1;
  @c[2] = count(); @c[2] = count();
  @i = (int32)-5;
  @u = (uint16)65535;
  @x = "scalar";
  @w = ((uint8)1, (int64)-2);
}
interval:s:100 { }`;

needs('root').describe('types of maps', () => {
  it('are such that bpftool reads the keys and values that the loader prints', async () => {
    const found: Record<string, readonly unknown[]> = {};
    const { stdout, status } = await run(MAPS, {
      flags: ['-q', '-f', 'json'],
      workload: (pid) => {
        // Maps that only the start needed may go meanwhile.
        const own = held(pid, 'map_id');
        const all = JSON.parse(bpftool('--json', 'map', 'show')) as readonly Named[];
        for (const { id, name = '' } of all) {
          if (!own.includes(`${id}`) || !/^AT\d*_|\.bss$/.test(name)) continue;
          const dump = bpftool('--json', 'map', 'dump', 'id', `${id}`);
          const entries = JSON.parse(dump) as readonly Entry[];
          for (const { formatted } of entries) {
            if (name.endsWith('.bss')) {
              const [variables] = Object.values(formatted.value as object) as [readonly object[]];
              for (const variable of variables)
                for (const [of, value] of Object.entries(variable))
                  if (of.startsWith('AT_')) found[of.replace('AT_', '@')] = leaves(value);
            } else {
              const values = formatted.values?.map(({ value }) => Number(value));
              const value = values ? values.reduce((sum, one) => sum + one, 0) : formatted.value;
              // Of a map by lengths of texts the class follows the name.
              const of = name.replace(/^AT(?:\d+)?_/, '@');
              found[`${of}[${leaves(formatted.key).join(',')}]`] = leaves(value);
            }
          }
        }
      },
    });
    expect(status).toBe(0);
    const printed: Record<string, readonly unknown[]> = {};
    for (const line of stdout.trim().split('\n').filter(Boolean)) {
      const { data } = JSON.parse(line) as { readonly data: Readonly<Record<string, unknown>> };
      for (const [name, value] of Object.entries(data)) {
        if (['@i', '@u', '@x', '@w'].includes(name)) printed[name] = leaves(value);
        else
          for (const [key, one] of Object.entries(value as object))
            printed[`${name}[${key.replace(/^\[(.*)\]$/, '$1')}]`] = leaves(one);
      }
    }
    expect(Object.keys(printed)).toHaveLength(15);
    expect(found).toEqual(printed);
  });
});

/** Each line with the functions of the kernel that it calls; of those that every warning or map calls, too, none is named. */
const LINES: readonly (readonly [text: string, calls: readonly string[]])[] = [
  ['macro later() { nsecs(tai) }', ['bpf_ktime_get_tai_ns']],
  ['fn where($x : uint64) : uint64 {', []],
  ['  return $x + cgroup;', ['bpf_get_current_cgroup_id']],
  ['}', []],
  ['tracepoint:syscalls:sys_enter_getppid', []],
  ['/uid == 0/', ['bpf_get_current_uid_gid']],
  ['{', []],
  ['  $a = nsecs;', ['bpf_ktime_get_boot_ns']],
  ['  $b = later();', []],
  ['  $c = where($a);', []],
  ['  if ($a > $b', []],
  ['      && $c > 5) {', []],
  ['    @taken = count();', []],
  ['  }', []],
  ['  @keyed[$b, comm] = $a;', ['bpf_get_current_comm']],
  ['  for $i : 0..$c {', []],
  ['    @in_loop[$i] = rand;', ['bpf_user_rnd_u32']],
  ['  }', []],
  ['  printf("%d\\n", $c);', []],
  ['}', []],
];

needs('root').describe('lines of a script', () => {
  it('are in the kernel what its code was made of, as bpftool shows it', async () => {
    const dumps: string[] = [];
    const script = LINES.map(([text]) => text).join('\n');
    await run(script, {
      workload: (pid) => {
        for (const id of held(pid, 'prog_id'))
          dumps.push(bpftool('prog', 'dump', 'xlated', 'id', id, 'linum'));
      },
    });
    const calls = new Map<number, Set<string>>();
    const wrong: string[] = [];
    for (const dump of dumps) {
      let line = 0;
      for (const text of dump.split('\n')) {
        const place = /^; (.*) \[file:(\S+) line_num:(\d+) line_col:(\d+)\]$/.exec(text);
        if (place) {
          const [, shown = '', file, number, column] = place;
          line = Number(number);
          const [own = ''] = LINES[line - 1] ?? [];
          // A column is where something begins; one behind the last of a line is the end of a block.
          const begins = /^\S/.test(own.slice(Number(column) - 1) || 'x');
          if (shown !== own.trimStart() || file !== 'stdin' || !begins) wrong.push(text);
        }
        const called = /call (bpf_\w+)#/.exec(text)?.[1];
        if (called !== undefined) calls.set(line, (calls.get(line) ?? new Set()).add(called));
      }
    }
    expect(wrong).toEqual([]);
    const named = LINES.flatMap(([, names]) => names);
    const found = LINES.map(([text], index) => [
      text,
      [...(calls.get(index + 1) ?? [])].filter((name) => named.includes(name)),
    ]);
    expect(found).toEqual(LINES);
  });
});
