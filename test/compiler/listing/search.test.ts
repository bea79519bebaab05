/** What a search finds of a kernel that a test describes, and of programs: by calls. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { KernelDescriptionError, UndescribedError } from '../../../compiler/kernel/error.ts';
import type {
  KernelDescription,
  Parameter,
  TracepointField,
} from '../../../compiler/kernel/types.ts';
import { wildcard } from '../../../compiler/kernel/wildcard.ts';
import { ListingError } from '../../../compiler/listing/lister.ts';
import { listAttachPoints, listProbes } from '../../../compiler/listing/listing.ts';
import { kernelDescription, temporaryFolder } from '../../support/build.ts';

const kernel = kernelDescription();
const matching = (names: readonly string[], pattern: string): readonly string[] =>
  names.filter((name) => wildcard(pattern).test(name));

/** The lines of a list that says nothing else. */
function listed(
  search: string | undefined,
  change: Partial<KernelDescription> = {},
  options: { readonly verbose?: boolean; readonly pid?: number } = {},
): readonly string[] {
  const { text, notes } = listProbes({
    ...{ search, live: false, verbose: false, kernel: { ...kernel, ...change }, ...options },
  });
  expect(notes).toEqual([]);
  return text.split('\n').slice(0, -1);
}

function refused(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ListingError) return error.message;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('Raw tracepoints', () => {
  it('are the events of BTF alone, each by its name', () => {
    const names = listed('rawtracepoint:*').map((line) => line.split(':'));
    expect(names.length).toBeGreaterThan(500);
    for (const [provider, module, event] of names)
      expect([provider, module, event === '']).toEqual(['rawtracepoint', 'vmlinux', false]);
    // A few of them: each is looked for in all types.
    for (let at = 0; at < names.length; at += 200)
      expect(kernel.rawTracepoint(names[at]?.[2] ?? ''), String(names[at])).toBeDefined();
  });

  const id = kernel.rawTracepoint('sched_switch')?.[0]?.typeId ?? 0;
  const parameter = { name: 'first', typeId: id } as Parameter;
  const WITH_MODULES = {
    modules: () => ['one', 'other'],
    matchTracepoints: () => ['cat:alpha', 'cat:beta', 'dog:alpha'],
    rawTracepoint: (event: string, module?: string) =>
      module === 'one' || (module === 'other' && event === 'beta') ? [parameter] : undefined,
  };

  it('of modules are those that they have, of the module that is named', () => {
    expect(listed('rawtracepoint:one:*', WITH_MODULES)).toEqual([
      'rawtracepoint:one:alpha',
      'rawtracepoint:one:beta',
    ]);
    expect(listed('rawtracepoint:o*:beta', WITH_MODULES)).toEqual([
      'rawtracepoint:one:beta',
      'rawtracepoint:other:beta',
    ]);
    expect(listed('rawtracepoint:o*:sched_switch', WITH_MODULES)).toEqual([]);
    // Without a module it is the kernel's.
    expect(listed('rawtracepoint:alpha', WITH_MODULES)).toEqual([]);
    expect(listed('rawtracepoint:sched_switch', WITH_MODULES)).toEqual([
      'rawtracepoint:vmlinux:sched_switch',
    ]);
  });

  it('of modules have arguments', () => {
    expect(listed('rawtracepoint:other:*', WITH_MODULES, { verbose: true })).toEqual([
      'rawtracepoint:other:beta',
      '    bool first',
    ]);
  });
});

describe('Tracepoints', () => {
  const field = (name: string, offset: number, ctype: string, dataLoc = false) =>
    ({ name, offset, ctype, dataLoc }) as TracepointField;
  const EVENTS = {
    matchTracepoints: (category: string, event: string) =>
      ['cat:alpha', 'ftrace:function', 'dog:alpha'].filter(
        (each) =>
          wildcard(category).test(each.split(':')[0] ?? '') &&
          wildcard(event).test(each.split(':')[1] ?? ''),
      ),
    tracepoint: () => [
      field('common_pid', 4, 'int'),
      field('last_common', 7, 'char'),
      field('first', 8, 'unsigned long'),
      field('comm', 16, 'char [16]'),
      field('name', 32, '__data_loc char[]', true),
    ],
  };

  it('have the fields behind those that all events have', () => {
    expect(listed('tracepoint:cat:alpha', EVENTS, { verbose: true })).toEqual([
      'tracepoint:cat:alpha',
      '    unsigned long first',
      '    char comm[16]',
      '    __data_loc char[] name',
    ]);
  });

  it('are events of any category by one name, and none of the tracers', () => {
    expect(listed('tracepoint:alpha', EVENTS)).toEqual([
      'tracepoint:cat:alpha',
      'tracepoint:dog:alpha',
    ]);
    expect(listed('tracepoint:*', EVENTS)).toEqual(listed('tracepoint:*:*', EVENTS));
    expect(listed('tracepoint:f*:*', EVENTS)).toEqual([]);
  });

  it('that no description has any more have no fields', () => {
    const gone = { ...EVENTS, tracepoint: () => undefined };
    expect(listed('tracepoint:cat:*', gone, { verbose: true })).toEqual(['tracepoint:cat:alpha']);
  });
});

describe('Functions', () => {
  const NAMES = ['work', 'work.part.0', 'work.cold', 'work.cold.3', 'work.cold.x'];
  const FUNCTIONS = { matchFunctions: (pattern: string) => matching(NAMES, pattern) };

  it('are without the parts that compilers put elsewhere, unless one is named', () => {
    for (const provider of ['kprobe', 'kretprobe']) {
      expect(listed(`${provider}:wor*`, FUNCTIONS)).toEqual([
        `${provider}:work`,
        `${provider}:work.cold.x`,
      ]);
      expect(listed(`${provider}:work.part.0`, FUNCTIONS)).toEqual([`${provider}:work.part.0`]);
    }
  });

  it('of a module are those that the kernel says, or its own where it does not', () => {
    const asked: string[] = [];
    const matchModuleFunctions = (module: string, pattern: string) => {
      asked.push(`${module}:${pattern}`);
      return [`${module}:work`];
    };
    expect(listed('kprobe:mod:wor*', { ...FUNCTIONS, matchModuleFunctions })).toEqual([
      'kprobe:mod:work',
    ]);
    expect(asked).toEqual(['mod:wor*']);
    expect(listed('kprobe:vmlinux:work', FUNCTIONS)).toEqual(['kprobe:vmlinux:work']);
    expect(listed('kprobe:mod:work', FUNCTIONS)).toEqual([]);
  });

  const hidden = () => {
    throw new UndescribedError('the list is hidden');
  };
  const damaged = () => {
    throw new KernelDescriptionError('the list is damaged');
  };
  const NOTE =
    'which functions the kernel can trace is not known: the list is hidden; those of its BTF are listed';

  it('are those of BTF where the kernel hides which it traces, and that is said once', () => {
    const hiding = {
      ...{ ...kernel, matchFunctions: hidden, matchModuleFunctions: hidden },
      modules: () => ['mod', 'other'],
      matchTypedFunctions: (_: string, module?: string) => (module ? ['work'] : []),
    };
    const { text, notes } = listProbes({
      ...{ search: 'kprobe:vfs_rea*,kprobe:vmlinux:vfs_readv,kprobe:mo*:*', kernel: hiding },
      ...{ live: false, verbose: false },
    });
    expect(text.split('\n').filter((line) => /vfs_readv?$|mod|other/.test(line))).toEqual([
      ...['kprobe:mod:work', 'kprobe:vfs_read', 'kprobe:vfs_readv', 'kprobe:vmlinux:vfs_readv'],
    ]);
    expect(notes).toEqual([NOTE]);
    // What is damaged is not hidden.
    const broken = { ...hiding, matchFunctions: damaged };
    expect(() => listed('kprobe:vfs_rea*', broken)).toThrow('the list is damaged');
  });

  it('with types are those of modules too, of which what can be traced', () => {
    const TYPED = {
      modules: () => ['mod', 'other'],
      matchTypedFunctions: (pattern: string, module?: string) =>
        module === undefined ? [`own_${pattern}`] : [`${module}_a`, `${module}_b`],
    };
    expect(listed('fentry:x', TYPED)).toEqual(['fentry:vmlinux:own_x']);
    expect(listed('fexit:mod:*', TYPED)).toEqual(['fexit:mod:mod_a', 'fexit:mod:mod_b']);
    const matchModuleFunctions = () => ['mod:mod_b', 'mod:mod_c', 'other:mod_a'];
    expect(listed('fentry:m*:*', { ...TYPED, matchModuleFunctions })).toEqual(['fentry:mod:mod_b']);
    expect(listed('fentry:mod:*', { ...TYPED, matchModuleFunctions: hidden })).toEqual([
      'fentry:mod:mod_a',
      'fentry:mod:mod_b',
    ]);
    expect(() => listed('fentry:mod:*', { ...TYPED, matchModuleFunctions: damaged })).toThrow(
      'the list is damaged',
    );
    const broken = () => {
      throw new TypeError('a bug');
    };
    expect(() => listed('fentry:mod:*', { ...TYPED, matchModuleFunctions: broken })).toThrow(
      'a bug',
    );
  });

  it('of modules have arguments, and at their end what they return', () => {
    const read = kernel.function('vfs_fsync');
    const TYPED = {
      modules: () => ['mod'],
      matchTypedFunctions: (_: string, module?: string) => (module === 'mod' ? ['work', 'no'] : []),
      function: (name: string) => (name === 'work' ? read : 'it cannot be'),
    };
    const parameters = ['    struct file * file', '    int datasync'];
    expect(listed('fentry:mod:*,fexit:mod:*', TYPED, { verbose: true })).toEqual([
      ...['fentry:mod:no', 'fentry:mod:work', ...parameters],
      ...['fexit:mod:no', 'fexit:mod:work', ...parameters, '    int retval'],
    ]);
  });

  it('that return nothing have no value at their end', () => {
    expect(listed('fexit:path_get', {}, { verbose: true })).toEqual([
      'fexit:vmlinux:path_get',
      '    const struct path * path',
    ]);
  });
});

describe('Timers and events of processors', () => {
  it('have a colon for the number that has to follow, or the number', () => {
    expect(listed('interval:*,profile:s:5,interval:100ms,profile:$1')).toEqual([
      ...['interval:100ms', 'interval:hz:', 'interval:ms:', 'interval:s:', 'interval:us:'],
      ...['profile:$1', 'profile:s:5'],
    ]);
    expect(listed('interval:m*:*')).toEqual(['interval:ms:']);
    expect(listed('hardware:cache-*,software:cs:*,software:cs:7')).toEqual([
      'hardware:cache-misses:',
      'hardware:cache-references:',
      'software:cs:',
      'software:cs:7',
    ]);
  });
});

describe('A search', () => {
  it('is for all of the kernel where there is none', () => {
    const all = listed(undefined);
    expect(all).toEqual(listed('*:*'));
    expect(new Set(all.map((line) => line.split(':')[0]))).toEqual(
      new Set([
        ...['fentry', 'hardware', 'interval', 'iter', 'kprobe', 'profile', 'rawtracepoint'],
        ...['software', 'tracepoint'],
      ]),
    );
  });

  it('takes short names of providers, and no letters for a provider alone', () => {
    expect(listed('t:sched:sched_switch')).toEqual(['tracepoint:sched:sched_switch']);
    expect(listed('interval')).toHaveLength(4);
    for (const letters of ['t', 'kr', 'rt'])
      expect(
        listed(letters).filter((line) => !line.endsWith(`:${letters}`)),
        letters,
      ).toEqual([]);
  });

  it('says which provider cannot be listed, and lists the others', () => {
    const lacking = {
      ...kernel,
      matchTracepoints: () => {
        throw new KernelDescriptionError('no tracefs');
      },
    };
    const request = { live: false, verbose: false, kernel: lacking };
    expect(listProbes({ ...request, search: 'sched_switch' })).toEqual({
      text: 'rawtracepoint:vmlinux:sched_switch\n',
      notes: ['no tracepoint probes are listed: no tracefs'],
    });
    // What is asked for by name has to be there.
    expect(() => listProbes({ ...request, search: 'tracepoint:*' })).toThrow('no tracefs');
    const broken = {
      ...kernel,
      matchTracepoints: () => {
        throw new TypeError('a bug');
      },
    };
    expect(() => listProbes({ ...request, kernel: broken, search: 'sched_switch' })).toThrow(
      'a bug',
    );
  });

  it('refuses providers that there are not', () => {
    expect(refused(() => listed('nothing:x'))).toBe("Invalid provider: 'nothing'");
    expect(refused(() => listed('uprobe:*'))).toMatch(/^which file\? /);
    expect(refused(() => listed('uprobe:/no/such:*'))).toBe('there is no file /no/such');
    expect(listed('uprobe:/no/such*:*')).toEqual([]);
  });
});

it('Attach points without a pattern are given as they stand', () => {
  const request = { live: false, verbose: false, kernel };
  expect(
    listAttachPoints(
      [
        ['k', 'no_such'],
        ['made_up', 'x'],
        ['u', './tool', '@main.c', '12'],
        ['k', 'vfs_readv*'],
      ],
      request,
    ),
  ).toEqual({
    text: 'kprobe:no_such\nkprobe:vfs_readv\nuprobe:./tool@main.c:12\nmade_up:x\n',
    notes: [],
  });
});

describe('Programs', () => {
  const folder = temporaryFolder();
  const program = join(folder, 'program');
  beforeAll(() => {
    const source = join(folder, 'program.c');
    writeFileSync(
      source,
      `int take(int count) { __asm__ volatile(""); return count; }
       __attribute__((used)) static void part(void) __asm__("take.cold");
       static void part(void) {}
       int main(void) { return take(1); }\n`,
    );
    execFileSync('gcc', ['-g', '-O1', '-fno-inline', '-o', program, source]);
  });

  it('have arguments where a function begins, and none where it returns', () => {
    expect(
      listed(`uprobe:${program}:take,uretprobe:${program}:take`, {}, { verbose: true }),
    ).toEqual([`uprobe:${program}:take`, '    int32 count', `uretprobe:${program}:take`]);
  });

  it('have no arguments where debug information says nothing of them', () => {
    const start = `uprobe:${program}:_start`;
    expect(listed(start, {}, { verbose: true })).toEqual([start]);
    const stripped = join(folder, 'stripped');
    execFileSync('strip', ['-g', '-o', stripped, program]);
    const taken = `uprobe:${stripped}:take`;
    expect(listed(taken, {}, { verbose: true })).toEqual([taken]);
  });

  it('are without the parts that compilers put elsewhere, unless one is named', () => {
    expect(listed(`uprobe:${program}:take*`)).toEqual([`uprobe:${program}:take`]);
    expect(listed(`uprobe:${program}:take.cold`)).toEqual([`uprobe:${program}:take.cold`]);
  });

  it('whose names are no text are listed when they are named, and by no pattern', () => {
    const strange = join(folder, 'strange');
    mkdirSync(strange);
    copyFileSync(program, join(strange, 'a'));
    copyFileSync(program, join(strange, 'b\x1b'));
    expect(listed(`uprobe:${strange}/*:take`)).toEqual([`uprobe:${strange}/a:take`]);
    expect(listed(`uprobe:"${strange}/b\x1b":take`)).toEqual([`uprobe:${strange}/b\x1b:take`]);
  });

  it('are those of the process where no file is named', async () => {
    const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
    try {
      // Once it answers, its libraries are in its memory.
      child.stdin.write('x');
      await once(child.stdout, 'data');
      const search = (text: string | undefined) => listed(text, {}, { pid: child.pid ?? 0 });
      const all = search(undefined);
      expect(new Set(all.map((line) => line.split(':')[0]))).toContain('uprobe');
      expect(all.filter((line) => /^(kprobe|tracepoint|uretprobe):/.test(line))).toEqual([]);
      const [path = ''] = search('uprobe:malloc').map((line) => line.split(':')[1] ?? '');
      expect(path).toMatch(/libc|musl/);
      expect(search(`uprobe:${path}:malloc`)).toEqual([`uprobe:${path}:malloc`]);
      expect(search(`uprobe:${program}:take`)).toEqual([`uprobe:${program}:take`]);
      expect(search('usdt')).toEqual(search('usdt:*'));
    } finally {
      child.kill();
    }
  });
});
