import { describe, expect, it } from 'vitest';
import { errors } from '../../support/diagnostics.ts';
import { FIELD, refusal, resolve, resolveBlock, target } from './support.ts';

describe('the provider', () => {
  it('[GRM-044] is found without regard to case, and by its aliases', () => {
    const provider = (text: string): string => target(text).provider;
    expect(['BEGIN', 'Begin', 'end', 'END'].map(provider)).toEqual([
      'begin',
      'begin',
      'end',
      'end',
    ]);
    expect(provider('t:sched:sched_switch')).toBe('tracepoint');
    expect(provider('rt:sched_switch')).toBe('rawtracepoint');
    expect(['k:f', 'kr:f', 'KProbe:f'].map(provider)).toEqual(['kprobe', 'kretprobe', 'kprobe']);
    expect(['u:/a:f', 'ur:/a:f'].map(provider)).toEqual(['uprobe', 'uretprobe']);
    expect(['i:s:1', 'p:hz:99'].map(provider)).toEqual(['interval', 'profile']);
  });
  it('[GRM-045] tells U from u', () => {
    expect(target('U:/a:n').provider).toBe('usdt');
    expect(target('USDT:/a:n').provider).toBe('usdt');
    expect(target('u:/a:n').provider).toBe('uprobe');
  });
  it('[GRM-046] is every one that has the event, for a pattern', () => {
    const names = (text: string): readonly string[] =>
      resolve(text).targets.map((found) => found.name);
    expect(names('*:sched_switch')).toEqual(['rawtracepoint:sched_switch']);
    expect(names('*:sched:sched_switch')).toEqual(['tracepoint:sched:sched_switch']);
    expect(names('*:sched_fork')).toEqual(['kprobe:sched_fork']);
    expect(names('*:vfs_read')).toEqual(['kprobe:vfs_read', 'fentry:vfs_read']);
    expect(names('*TRACEPOINT:sched_w*')).toEqual([
      'tracepoint:*:sched_w*',
      'rawtracepoint:sched_w*',
    ]);
    expect(names('*:/bin/sh:main')).toEqual(['uprobe:/bin/sh:main']);
    expect(refusal('beg*')).toBe("Invalid provider: 'beg*' matches none");
    expect(refusal('*:no_such_event')).toContain('Probe has no valid attach points.');
  });
  it('[GRM-078] has newer names', () => {
    for (const [old, current] of [
      ['kfunc', 'fentry'],
      ['kretfunc', 'fexit'],
    ])
      expect(resolve(`${old}:vfs_read`).messages[0]).toBe(
        `${old} is deprecated and will be removed in the future. Use ${current} instead.`,
      );
  });
  it('is suggested where it is misspelt', () => {
    expect(resolve('kprob:f')).toEqual({
      targets: [],
      messages: ["Invalid provider: 'kprob'"],
      hints: ["Did you mean 'kprobe'?"],
    });
    expect(resolve('nothing_like_it:f').hints).toEqual([]);
  });
  it('is not a parameter', () => {
    expect(refusal('$1:x')).toBe('the provider cannot be a positional parameter in an object');
  });
});

describe('begin and end', () => {
  it('run as raw tracepoint programs without arguments', () => {
    expect(target('BEGIN')).toEqual({
      provider: 'begin',
      name: 'begin',
      alias: undefined,
      section: 'raw_tp',
      context: 'none',
      space: 'none',
      defaultReturn: 0,
      filtersPid: false,
      registers: 0,
      hasRetval: false,
      function: undefined,
      wildcard: false,
      target: { provider: 'begin' },
      parameterised: false,
    });
  });
  it('have no target', () => {
    expect(refusal('begin:x')).toBe('begin/end probes should not have a target');
  });
});

describe('tracepoint', () => {
  it('[PRB-072] has canonical names, and so have the other providers', () => {
    const name = (text: string): string => target(text).name;
    expect(name('t:sched:sched_switch')).toBe('tracepoint:sched:sched_switch');
    expect(name('rt:vmlinux:sched_switch')).toBe('rawtracepoint:sched_switch');
    expect(name('k:f+0x10')).toBe('kprobe:f+16');
    expect(name('kr:f')).toBe('kretprobe:f');
    expect(name('u:/bin/bash:"a b"')).toBe('uprobe:/bin/bash:a b');
    expect(name('i:ms:1e3')).toBe('interval:ms:1000');
    expect(name('END')).toBe('end');
  });
  it('knows its fields, section and address space', () => {
    expect(target('tracepoint:syscalls:sys_enter_open')).toMatchObject({
      section: 'tracepoint/syscalls/sys_enter_open',
      context: 'tracepoint',
      space: 'user',
      defaultReturn: 1,
      filtersPid: true,
      fields: [FIELD],
      wildcard: false,
      target: { provider: 'tracepoint', category: 'syscalls', event: 'sys_enter_open' },
    });
    expect(target('tracepoint:sched:sched_switch').space).toBe('kernel');
  });
  it('keeps a wildcard as one program unless args needs types', () => {
    const pattern = target('tracepoint:sched:sched_*');
    expect(pattern).toMatchObject({
      name: 'tracepoint:sched:sched_*',
      section: 'tracepoint',
      wildcard: true,
      target: { category: 'sched', event: 'sched_*' },
    });
    expect(pattern.fields).toBeUndefined();
    // System calls are all told apart by one program.
    expect(target('tracepoint:syscalls:sys_enter_*')).toMatchObject({
      name: 'tracepoint:syscalls:sys_enter_*',
      section: 'tp_btf/sys_enter_*',
      wildcard: true,
      target: { category: 'syscalls', event: 'sys_enter_*' },
    });
    expect(
      resolve('tracepoint:syscalls:sys_enter_*', true).targets.map(({ name, section, fields }) => [
        name,
        section,
        fields?.length,
      ]),
    ).toEqual([
      ['tracepoint:syscalls:sys_enter_open', 'tracepoint/syscalls/sys_enter_open', 1],
      ['tracepoint:syscalls:sys_enter_openat', 'tracepoint/syscalls/sys_enter_openat', 1],
    ]);
  });
  it('[PRB-025] takes a single field as a pattern of any category', () => {
    expect(target('tracepoint:*enter*')).toMatchObject({
      name: 'tracepoint:*:*enter*',
      target: { category: '*', event: '*enter*' },
    });
    expect(resolve('tracepoint:*wake*', true).targets.map(({ name }) => name)).toEqual([
      'tracepoint:sched:sched_wakeup',
    ]);
  });
  it('suggests the closest events for one that is not there', () => {
    expect(resolve('tracepoint:syscalls:sys_enter_opn')).toEqual({
      targets: [],
      messages: ['No matches for tracepoint syscalls:sys_enter_opn.'],
      hints: ["Did you mean 'syscalls:sys_enter_open'?"],
    });
    expect(resolve('tracepoint:shed:sched_switch').hints).toEqual([
      "Did you mean 'sched:sched_switch'?",
    ]);
    expect(resolve('tracepoint:shed:sched_swich').hints).toEqual([
      "Did you mean 'sched:sched_switch'?",
    ]);
  });
  it('wants a category and an event', () => {
    expect(refusal('tracepoint')).toBe('tracepoint probe must have a target');
    expect(refusal('tracepoint:sched')).toBe('tracepoint probe type requires 2 arguments, found 1');
    expect(refusal('tracepoint:a:b:c')).toBe('tracepoint probe type requires 2 arguments, found 3');
  });
  it('leaves positional parameters to the loader, but for args', () => {
    expect(target('tracepoint:sched:$1')).toMatchObject({
      section: 'tracepoint',
      parameterised: true,
      target: { event: '$1' },
    });
    expect(refusal('tracepoint:sched:$1', true)).toMatch(/depends on positional parameters$/);
  });
});

describe('wildcards that match nothing', () => {
  const message =
    "Probe has no valid attach points. If this is expected, set the 'missing_probes' config variable to 'warn'.";

  it('are an error where nothing else is left', () => {
    expect(refusal('tracepoint:*:nothing*')).toBe(message);
    expect(refusal('rawtracepoint:nothing*')).toBe(message);
    expect(resolveBlock('t:*:nothing*, t:n*:*')).toMatchObject({
      result: [],
      messages: [message],
    });
  });
  it('are none beside another attach point', () => {
    const { result, messages } = resolveBlock('t:*:nothing*, begin');
    expect(messages).toEqual([]);
    expect(result.map(({ target: { name } }) => name)).toEqual(['begin']);
  });
  it('are not reported on top of another error', () => {
    expect(resolveBlock('t:*:nothing*, foo:x').messages).toEqual(["Invalid provider: 'foo'"]);
  });
});

describe('rawtracepoint', () => {
  it('has its arguments by name and by number', () => {
    const found = target('rawtracepoint:sched_switch');
    expect(found).toMatchObject({
      section: 'tp_btf/sched_switch',
      context: 'btf-arguments',
      defaultReturn: 0,
      registers: 3,
      target: { provider: 'rawtracepoint', event: 'sched_switch' },
    });
    expect(found.parameters?.map(({ name }) => name)).toEqual(['preempt', 'prev', 'next']);
  });
  it('keeps a wildcard as it is, or has a program for each event where the block asks for arguments', () => {
    expect(target('rt:s*')).toMatchObject({
      section: 'tp_btf',
      wildcard: true,
      target: { provider: 'rawtracepoint', event: 's*' },
    });
    expect(resolve('rt:s*', true).targets.map(({ section }) => section)).toEqual([
      'tp_btf/sched_switch',
      'tp_btf/sched_wakeup',
      'tp_btf/sys_enter',
    ]);
  });
  it('suggests the closest events, and refuses what it does not do', () => {
    expect(resolve('rt:sched_swich')).toMatchObject({
      messages: ['No matches for rawtracepoint sched_swich.'],
      hints: ["Did you mean 'sched_switch'?"],
    });
    expect(refusal('rt')).toBe('rawtracepoint should be attached to a function');
    expect(refusal('rt:a:b:c')).toBe('rawtracepoint probe type requires 1 or 2 arguments, found 3');
  });
});

describe('kprobe and kretprobe', () => {
  it('stand at a function, kprobe also inside it', () => {
    expect(target('kprobe:vfs_read+16')).toMatchObject({
      section: 'kprobe/vfs_read+16',
      context: 'registers',
      space: 'kernel',
      filtersPid: true,
      registers: 6,
      hasRetval: false,
      function: 'vfs_read',
      target: { provider: 'kprobe', function: 'vfs_read', offset: 16 },
    });
    expect(target('kretprobe:vfs_read')).toMatchObject({
      section: 'kretprobe/vfs_read',
      registers: 0,
      hasRetval: true,
      target: { provider: 'kretprobe', function: 'vfs_read', offset: 0 },
    });
  });
  it('leave patterns and modules to the loader [PRB-008] [PRB-011]', () => {
    expect(target('kprobe:vfs_*')).toMatchObject({
      name: 'kprobe:vfs_*',
      section: 'kprobe.multi/vfs_*',
      function: undefined,
      wildcard: true,
      target: { provider: 'kprobe', function: 'vfs_*', offset: 0 },
    });
    expect(target('kretprobe:nf_nat:f')).toMatchObject({
      name: 'kretprobe:nf_nat:f',
      section: 'kretprobe',
      function: 'f',
      wildcard: false,
      target: { provider: 'kretprobe', module: 'nf_nat', function: 'f', offset: 0 },
    });
    expect(target('kprobe:nf_*:f')).toMatchObject({ section: 'kprobe', wildcard: true });
  });
  it('leave positional parameters to the loader', () => {
    expect(target('kprobe:$1')).toMatchObject({
      section: 'kprobe',
      function: undefined,
      parameterised: true,
    });
  });
  it('keep an alias', () => {
    expect(target('read=kprobe:vfs_read')).toMatchObject({
      alias: 'read',
      name: 'kprobe:vfs_read',
    });
  });
  it('refuse the rest, and say why', () => {
    expect(refusal('kprobe')).toBe('kprobes should be attached to a function or an address');
    expect(refusal('kretprobe:')).toBe('kretprobes should be attached to a function or an address');
    expect(refusal('kretprobe:f+4')).toBe('kretprobes can not be attached to a function offset');
    expect(refusal('kprobe:f+x')).toBe("invalid offset in 'f+x'");
    expect(refusal('kprobe:vfs_*+4')).toBe('an offset needs the name of one function');
    expect(refusal('kprobe:a:b:c')).toBe('kprobe probe type requires 1 or 2 arguments, found 3');
    expect(refusal('kretprobe:0xffff')).toBe('a kretprobe needs the name of a function');
    expect(refusal('kprobe:0xfffg')).toBe("invalid address '0xfffg'");
    expect(refusal('kprobe:0xffff')).toBe(
      'a kprobe at an address is unsafe: it is not checked to be where an instruction begins',
    );
    expect(resolve('kprobe:f/pid==1/').hints).toEqual([
      'Put a space between the probe and its /predicate/.',
    ]);
  });
});

describe('uprobe and uretprobe', () => {
  it('stand at a function of a file that the loader finds', () => {
    expect(target('uprobe:libc:malloc+4')).toMatchObject({
      name: 'uprobe:libc:malloc+4',
      section: 'uprobe',
      space: 'user',
      filtersPid: false,
      registers: 6,
      function: 'malloc',
      target: { provider: 'uprobe', path: 'libc', function: 'malloc', offset: 4 },
    });
    expect(target('uretprobe:./a.out:main')).toMatchObject({
      section: 'uretprobe',
      registers: 0,
      hasRetval: true,
    });
    expect(
      [
        'uprobe:/a/b:f',
        'uprobe:/a/b:f+4',
        'uretprobe:/a/b:f',
        'uprobe:/a/*:f',
        'uprobe:/a/b:$1',
      ].map((probe) => target(probe).section),
    ).toEqual(['uprobe//a/b:f', 'uprobe//a/b:f+4', 'uretprobe//a/b:f', 'uprobe', 'uprobe']);
    expect(target('uprobe:$1:f')).toMatchObject({ parameterised: true, function: 'f' });
    expect(target('uprobe:/a:$1')).toMatchObject({ parameterised: true, function: undefined });
  });
  it('[PRB-036] [PRB-039] may stand for several functions, files, or both', () => {
    expect(target('uprobe:libc:mem*')).toMatchObject({
      name: 'uprobe:libc:mem*',
      wildcard: true,
      function: undefined,
      target: { path: 'libc', function: 'mem*' },
    });
    expect(target('uretprobe:/opt/*/lib.so:f')).toMatchObject({ wildcard: true, function: 'f' });
    expect(target('uprobe::f')).toMatchObject({ wildcard: true, target: { path: '' } });
    expect(target('uprobe:f')).toEqual(target('uprobe::f'));
  });
  it('[PRB-032] stand at addresses', () => {
    expect(target('uprobe:/bin/bash:0x1f000')).toMatchObject({
      name: 'uprobe:/bin/bash:0x1f000',
      wildcard: false,
      function: undefined,
      target: { path: '/bin/bash', function: '', offset: 0x1f000 },
    });
  });
  it('[PRB-038] refuse an offset at a return', () => {
    expect(refusal('uretprobe:/a:f+4')).toBe('uretprobes can not be attached to a function offset');
  });
  it('[PRB-033] take names of C++ as people read them, which may stand for several functions', () => {
    expect(target('uprobe:/a:cpp:"ns::f(int)"')).toMatchObject({
      name: 'uprobe:/a:cpp:ns::f(int)',
      wildcard: true,
      function: undefined,
      target: { path: '/a', function: 'ns::f(int)', offset: 0, language: 'cpp' },
    });
    expect(target('uprobe:/a:cpp:"A::operator+"').target).toMatchObject({
      function: 'A::operator+',
    });
    expect(target('uretprobe:/a:cpp:f').target).toMatchObject({ language: 'cpp' });
    // How people read it is known to the loader.
    expect(target('uprobe:/a:_Z1fi')).toMatchObject({ wildcard: true, function: undefined });
    expect(target('uprobe:/a:_Z1fi').target).not.toHaveProperty('language');
  });
  it('[PRB-034] stand at lines of the source', () => {
    expect(target('uprobe:/a@src/f.c:12')).toMatchObject({
      name: 'uprobe:/a@src/f.c:12',
      wildcard: true,
      target: { path: '/a', function: '', offset: 0, source: 'src/f.c:12' },
    });
    expect(target('uprobe:/a@f.c:12:3').target).toMatchObject({ source: 'f.c:12:3' });
    expect(target('uprobe:/a@$1:$2').target).toMatchObject({ source: '$1:$2' });
    expect(refusal('uretprobe:/a@f.c:12')).toBe('uretprobes can not be attached to a source line');
    expect(refusal('uprobe:/a@f.c')).toBe('the line is missing');
    expect(refusal('uprobe:/a@:12')).toBe('the source file is missing');
    expect(refusal('uprobe:/a@f.c:0')).toBe("invalid line '0'");
    expect(refusal('uprobe:/a@f.c:1:x')).toBe("invalid column 'x'");
    expect(refusal('uprobe:/a*@f.c:1')).toBe('a source line needs the path of one file');
  });
  it('refuse the rest, and say why', () => {
    expect(refusal('uprobe')).toBe('uprobes should have a target');
    expect(refusal('uprobe:/a')).toBe('uprobes should be attached to a function');
    expect(refusal('uprobe:/a:rust:f')).toBe("unsupported language type: 'rust'");
    expect(refusal('uprobe:/a:f*+4')).toBe('functions of a wildcard can not have an offset');
    expect(refusal('uprobe:/a*:0x10')).toBe('an address needs the path of one file');
    expect(refusal('uprobe::0x10')).toBe('an address needs the path of one file');
    expect(refusal('uprobe:/a:12x')).toBe("invalid address '12x'");
    expect(refusal('uretprobe:/a:0x10')).toBe('uretprobes can not be attached to an address');
    expect(refusal('uprobe:/a:b:c:d')).toBe("unsupported language type: 'b'");
    expect(refusal('uprobe:/a:cpp:c:d')).toBe(
      'uprobe probe type requires 2 or 3 arguments, found 4',
    );
    expect(refusal('uprobe:/a:cpp:')).toBe('uprobes should be attached to a function');
    expect(refusal('uprobe:/a:cpp:f+4')).toBe('cpp: names can not have an offset');
    expect(refusal('uprobe:/a:+4')).toBe('uprobes should be attached to a function');
    expect(refusal('uretprobe:/a:+0')).toBe('uretprobes should be attached to a function');
    expect(refusal('uprobe:/a:f/g')).toBe("'f/g' is not the name of a function");
    expect(refusal('uprobe:/a:0x20000000000000')).toBe("invalid address '0x20000000000000'");
    expect(target('uprobe:/a:0x1fffffffffffff').target).toMatchObject({
      offset: Number.MAX_SAFE_INTEGER,
    });
    expect(refusal('uprobe:/a@f.c:1:2:3')).toBe(
      'a source line has a file, a line and perhaps a column, found 4 parts',
    );
    expect(target('uprobe:/a@f.c:999999999').target).toMatchObject({ source: 'f.c:999999999' });
    expect(refusal('uprobe:/a@f.c:1000000000')).toBe("invalid line '1000000000'");
  });
});

describe('watchpoint', () => {
  it('[PRB-052] has address, length and mode', () => {
    expect(target('watchpoint:0x10:8:wr')).toMatchObject({
      name: 'watchpoint:16:8:rw',
      section: 'perf_event',
      context: 'perf-event',
      filtersPid: false,
      target: { provider: 'watchpoint', address: '16', length: '8', mode: 'rw' },
    });
    expect(target('w:$1:4:x')).toMatchObject({
      parameterised: true,
      target: { provider: 'watchpoint', address: '$1', length: '4', mode: 'x' },
    });
    expect(resolve('w:0x10:4:r').hints).toEqual(['The processor (x86_64) has w, rw, x.']);
    for (const mode of ['r', 'rx', 'wx', 'rwx'])
      expect(refusal(`w:0x10:4:${mode}`)).toBe(`invalid watchpoint mode: ${mode}`);
  });
  it('[PRB-053] refuses other lengths', () => {
    for (const length of ['0', '3', '16', 'x', ''])
      expect(refusal(`watchpoint:0x10:${length}:w`)).toBe(
        'watchpoint length must be one of (1,2,4,8)',
      );
  });
  it('refuses the rest, and says why', () => {
    expect(refusal('watchpoint:0:4:w')).toBe('watchpoint must be attached to a non-zero address');
    expect(refusal('watchpoint:vfs_read:4:w')).toBe("invalid address 'vfs_read'");
    expect(refusal('watchpoint:1:4:q')).toBe('watchpoint mode must be combination of (r,w,x)');
    expect(refusal('watchpoint:1:4:')).toBe('watchpoint mode must be combination of (r,w,x)');
    expect(refusal('watchpoint:1:4:ww')).toBe('watchpoint modes may not be duplicated');
    expect(refusal('watchpoint:1:4')).toBe('watchpoint probe type requires 3 arguments, found 2');
  });
});

describe('self, test and bench', () => {
  it('are run by the loader, as begin and end are', () => {
    expect(target('self:signal:SIGUSR1')).toMatchObject({
      name: 'self:signal:SIGUSR1',
      section: 'raw_tp',
      context: 'none',
      target: { provider: 'self', signal: 'SIGUSR1' },
    });
    expect(target('test:adds').target).toEqual({ provider: 'test', name: 'adds' });
    expect(target('bench:adds')).toMatchObject({
      name: 'bench:adds',
      target: { provider: 'bench', name: 'adds' },
    });
  });
  it('[PRB-004] refuse other triggers and signals', () => {
    expect(refusal('self:signal:SIGUSR2')).toBe('SIGUSR2 is not a supported signal');
    expect(refusal('self:timer:SIGUSR1')).toBe('timer is not a supported trigger');
    expect(refusal('self:signal')).toBe('self probe type requires 2 arguments, found 1');
  });
  it('[PRB-005] [PRB-006] need a name, which no other has', () => {
    for (const name of ['test', 'bench']) {
      expect(refusal(name)).toBe(`${name} probes must have a name`);
      expect(refusal(`${name}:`)).toBe(`${name} probes must have a name`);
      expect(refusal(`${name}:a:b`)).toBe(`${name} probe type requires 1 argument, found 2`);
      expect(refusal(`${name}:$1`)).toContain('cannot be a positional parameter');
      expect(errors(`${name}:a { } ${name}:b { } ${name}:a { }`)).toEqual([
        `the name of ${name}:a is used already @ ${name}:a`,
      ]);
    }
    expect(errors('test:a { } bench:a { }')).toEqual([]);
  });
});

describe('software and hardware', () => {
  it('[PRB-049] [PRB-050] name an event, also by its alias, and perhaps a count', () => {
    expect(target('software:page-faults')).toMatchObject({
      name: 'software:page-faults',
      section: 'perf_event',
      context: 'perf-event',
      filtersPid: false,
      target: { provider: 'software', event: 'page-faults' },
    });
    expect(target('s:cs:1e3')).toMatchObject({
      name: 'software:cs:1000',
      target: { provider: 'software', event: 'cs', count: '1000' },
    });
    expect(target('h:branches:0x10')).toMatchObject({
      name: 'hardware:branches:16',
      target: { provider: 'hardware', event: 'branches', count: '16' },
    });
    expect(target('hardware:$1:$2')).toMatchObject({
      parameterised: true,
      target: { provider: 'hardware', event: '$1', count: '$2' },
    });
  });
  it('[PRB-051] refuse wildcards', () => {
    for (const name of ['software', 'hardware'])
      expect(refusal(`${name}:c*`)).toBe(`wildcards are not allowed for ${name} probe type`);
    expect(refusal('software:faults:*')).toBe('wildcards are not allowed for software probe type');
  });
  it('refuse the rest, and say why', () => {
    expect(refusal('software')).toBe('software probe must have a software event name');
    expect(refusal('hardware::5')).toBe('hardware probe must have a hardware event name');
    expect(refusal('software:cycles')).toBe("'cycles' is not a software event");
    expect(resolve('software:fault').hints).toEqual(["Did you mean 'faults'?"]);
    expect(refusal('software:faults:1:2')).toBe(
      'software probe type requires 1 or 2 arguments, found 3',
    );
    for (const count of ['0', '-1', 'x', '', '0x8000000000000000'])
      expect(refusal(`software:faults:${count}`)).toBe(
        'software count should be a positive integer',
      );
  });
});

describe('interval and profile', () => {
  it('have periods in nanoseconds or frequencies', () => {
    const timer = (text: string): unknown => target(text).target;
    expect(timer('interval:s:5')).toEqual({ provider: 'interval', period: '5000000000' });
    expect(timer('interval:ms:5')).toEqual({ provider: 'interval', period: '5000000' });
    expect(timer('profile:us:5')).toEqual({ provider: 'profile', period: '5000' });
    expect(timer('profile:hz:99')).toEqual({ provider: 'profile', frequency: '99' });
    expect(target('interval:s:1')).toMatchObject({
      section: 'perf_event',
      context: 'perf-event',
      filtersPid: false,
      registers: 0,
    });
  });
  it('[PRB-045] show durations in microseconds', () => {
    expect(target('profile:5s')).toMatchObject({
      name: 'profile:us:5000000',
      target: { period: '5000000000' },
    });
  });
  it('[PRB-047] cut durations to whole microseconds', () => {
    expect(target('interval:1500ns')).toMatchObject({
      name: 'interval:us:1',
      target: { period: '1000' },
    });
    expect(refusal('interval:999ns')).toBe('interval must be at least 1us long, not 999ns');
  });
  it('hand a parameter on with its unit', () => {
    expect(target('interval:ms:$1')).toMatchObject({
      name: 'interval:ms:$1',
      parameterised: true,
      target: { period: '$1ms' },
    });
    expect(target('profile:hz:$1').target).toEqual({ provider: 'profile', frequency: '$1' });
    expect(target('profile:$1').target).toEqual({ provider: 'profile', period: '$1' });
    expect(target('interval:$2:$1').target).toEqual({ provider: 'interval', period: '$1$2' });
  });
  it('refuse the rest, and say why', () => {
    expect(refusal('interval')).toBe('interval probe must have unit of time');
    expect(refusal('profile:99')).toBe('profile probe must have unit of time');
    expect(refusal('interval:min:1')).toBe('min is not an accepted unit of time');
    for (const count of ['0', '-1', 'x', '', '5ms', '1_'])
      expect(refusal(`interval:s:${count}`)).toBe(
        'interval frequency should be a positive integer',
      );
    expect(refusal('interval:s:10000000000')).toBe('interval:s:10000000000 is too long');
    expect(refusal('interval:s:1:1')).toBe(
      'interval probe type requires 1 or 2 arguments, found 3',
    );
  });
});

describe('usdt', () => {
  it('has a path, a namespace that can be left out, and a name', () => {
    expect(target('usdt:/bin/app:ns:point')).toMatchObject({
      name: 'usdt:/bin/app:ns:point',
      section: 'usdt//bin/app:ns:point',
      context: 'registers',
      space: 'user',
      wildcard: false,
      target: { provider: 'usdt', path: '/bin/app', namespace: 'ns', name: 'point' },
    });
    expect(target('usdt:app:ns:point').section).toBe('usdt');
    expect(target('usdt:/bin/app:point')).toMatchObject({
      section: 'usdt',
      wildcard: true,
      target: { namespace: '', name: 'point' },
    });
    expect(target('usdt:/bin/app:n*:point').wildcard).toBe(true);
    expect(target('usdt:/usr/lib/lib*:ns:point').wildcard).toBe(true);
    // Files of the process of -p.
    expect(target('usdt::ns:point')).toMatchObject({ wildcard: true, target: { path: '' } });
    expect(target('usdt:*:point')).toMatchObject({ wildcard: true, target: { path: '*' } });
  });
  it('refuses other forms', () => {
    expect(refusal('usdt')).toBe('usdt probes should have a target');
    expect(refusal('usdt:/bin/app')).toBe('usdt probe must have a target function or wildcard');
    expect(refusal('usdt:/bin/app:a:b:c')).toBe(
      'usdt probe type requires 2 or 3 arguments, found 4',
    );
  });
});
