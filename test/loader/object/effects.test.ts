/** How objects reach outside: what the loader finds in them, and what it wants to be allowed. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { effectOfHelper, HELPERS } from '../../../linker/contract/helpers.ts';
import { readElf } from '../../../linker/elf/read.ts';
import { renderInspection } from '../../../linker/inspect/render.ts';
import { inspectObject } from '../../../linker/inspect.ts';
import { build, temporaryFolder } from '../../support/build.ts';
import { needs } from '../../support/needs.ts';
import { LOADER } from '../../support/run.ts';
import { digestPlace, sign } from './script.ts';

const folder = temporaryFolder();
let count = 0;

/** The object of a script beside `code.bpf.c`. */
function object(script: string, code?: string): Buffer {
  if (code !== undefined)
    writeFileSync(
      join(folder, 'code.bpf.c'),
      `#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n${code}`,
    );
  return Buffer.from(build(script, { unsafe: true, path: join(folder, 'script.bt') }));
}

/** A function that calls a helper by its number. */
const calling = (helper: number): Buffer =>
  object(
    'import "code.bpf.c";\nuprobe:/bin/true:main { @ = harm(1); }',
    `__attribute__((noinline)) int harm(int x) { return ((long (*)(long))${helper})(x); }`,
  );

/** With other words of the same length in place of words of the object, and its right digest. */
function changed(bytes: Buffer, from: string, to: string): Buffer {
  expect(to).toHaveLength(from.length);
  const text = bytes.toString('latin1');
  expect(text).toContain(from);
  const copy = Buffer.from(text.replaceAll(from, to), 'latin1');
  sign(copy, digestPlace(copy));
  return copy;
}

/** The same object, whose manifest says that it changes nothing. */
function disguised(bytes: Buffer): Buffer {
  const manifest = readElf(bytes).sections.find(({ name }) => name === '.bpfscript');
  const text = Buffer.from(manifest?.data ?? []).toString('latin1');
  const lie = text
    .replace('"producer":"bpfscript 0.1.0"', '"producer":"bpfscript 0.1"')
    .replace('"unsafe":true', '"unsafe":false')
    .padEnd(text.length, ' ');
  return changed(bytes, text, lie);
}

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function load(bytes: Buffer, ...flags: readonly string[]): Result {
  count += 1;
  const path = join(folder, `${count}.o`);
  writeFileSync(path, bytes);
  const { status, stdout, stderr } = spawnSync(LOADER, [...flags, path], {
    encoding: 'latin1',
    timeout: 20_000,
  });
  const named = (text: string): string => text.replaceAll(path, 'x.o');
  return { status, stdout: named(stdout), stderr: named(stderr) };
}

describe('what an object changes', () => {
  it('wants --unsafe by what its code does, whatever its manifest says [CLI-016]', () => {
    const script = object('tracepoint:syscalls:sys_enter_getpgid { signal("KILL"); }');
    const says = 'sends signals (bpf_send_signal in tracepoint:syscalls:sys_enter_getpgid)';
    for (const bytes of [script, disguised(script)]) {
      const refused = load(bytes);
      expect(refused).toMatchObject({ status: 1, stdout: '' });
      expect(refused.stderr).toContain(
        `ERROR: x.o: the script ${says}: allow that with --unsafe\n`,
      );
    }
    expect(load(script).stderr).not.toContain('HINT');
    expect(load(disguised(script)).stderr).toContain('HINT: Its manifest says');
    expect(load(disguised(script), '--check', '-v').stdout).toContain(
      `x.o: ok\n  ${says}: --unsafe\n  its manifest says that it changes nothing\n`,
    );
  });

  it.each([
    ['writes memory of processes', 'write_user(arg0, 1, 1)', 'bpf_probe_write_user'],
    ['changes what functions of the kernel return', 'override(1)', 'bpf_override_return'],
    ['sends signals', 'signal_thread(9)', 'bpf_send_signal_thread'],
  ])('is named: it %s', (does, call, callee) => {
    const { stderr } = load(disguised(object(`kprobe:vfs_read { ${call}; }`)));
    expect(stderr).toContain(`the script ${does} (${callee} in kprobe:vfs_read)`);
  });

  needs('clang').it('is found in imported code, and in helpers that nobody knows', () => {
    const found = [
      HELPERS.setsockopt,
      HELPERS.clone_redirect,
      HELPERS.sys_bpf,
      HELPERS.cgrp_storage_delete + 1,
      999_999,
    ].map((helper) => load(disguised(calling(helper))));
    expect(found.map(({ stderr }) => stderr.split(': allow')[0])).toEqual(
      [
        'sends or changes packets, or changes sockets (bpf_setsockopt in harm)',
        'sends or changes packets, or changes sockets (bpf_clone_redirect in harm)',
        'changes what the kernel does (bpf_sys_bpf in harm)',
        `changes what the kernel does (helper ${HELPERS.cgrp_storage_delete + 1} in harm)`,
        'changes what the kernel does (helper 999999 in harm)',
      ].map((does) => `ERROR: x.o: the script ${does}`),
    );
    expect(load(calling(HELPERS.ktime_get_ns), '--check').status).toBe(0);
  });

  it('is found in functions of the kernel, by name and by number', () => {
    const script = object('begin { exit(); }');
    expect(inspectObject(script).outside).toEqual([]);
    // A call of a helper becomes one of a function of the kernel: BPF_PSEUDO_KFUNC_CALL.
    const code = Buffer.from([0x85, 0, 0, 0]);
    const at = script.indexOf(code);
    const bytes = Buffer.from(script);
    bytes.writeUInt8(0x20, at + 1);
    sign(bytes, digestPlace(bytes));
    expect(load(bytes).stderr).toMatch(
      /the script changes what the kernel does \(function \d+ of the kernel in begin\)/,
    );
    expect(inspectObject(bytes).outside).toMatchObject([{ effect: 'kernel', needs: 'unsafe' }]);
    const harmless = object('interval:s:1 { print(comm(1)); }');
    expect(inspectObject(harmless).outside).toEqual([]);
    const other = changed(harmless, 'bpf_task_from_pid\0', 'bpf_task_kill_pid\0');
    expect(inspectObject(other).outside).toMatchObject([{ what: 'bpf_task_kill_pid' }]);
    expect(load(other).stderr).toContain('(bpf_task_kill_pid in interval:s:1)');
  });

  it('is the same for inspect, which tells a contradiction', () => {
    const script = object(
      'begin { system("ls %d", 1); cat("/etc/%s", "x"); } kprobe:vfs_read { override(1); }',
    );
    const rows = `Reaches outside
  changes what functions of the kernel return  bpf_override_return in kprobe:vfs_read  --unsafe
  runs commands                                "ls %d"                                 --allow-run
  reads files                                  "/etc/%s"                               always allowed
`;
    const honest = renderInspection(inspectObject(script));
    expect(honest).toContain(rows);
    expect(honest).not.toContain('contradicts');
    const lying = renderInspection(inspectObject(disguised(script)));
    expect(lying).toContain(rows);
    expect(lying).toMatch(/^contradicts +the manifest says that the script changes nothing/m);
  });

  it('is what the tables say of every helper', () => {
    expect(Object.values(HELPERS)).toEqual(Array.from({ length: 211 }, (_, index) => index + 1));
    expect(effectOfHelper(HELPERS.send_signal)).toBe('signal');
    expect(effectOfHelper(HELPERS.map_update_elem)).toBeUndefined();
    expect(effectOfHelper(0)).toBe('kernel');
    expect(effectOfHelper(212)).toBe('kernel');
  });
});

/** A uprobe that hands its context to code; `more` stands in its block. */
const handingOn = (code: string, more = ''): Buffer =>
  object(`import "code.bpf.c";\nuprobe:/bin/true:main { @ = harm(ctx); ${more} }`, code);

needs('clang').describe(
  'a store to the context of a program, which changes registers of the process',
  () => {
    const HARM = '__attribute__((noinline)) int harm(void *ctx)';
    const STORE = '*(volatile long *)(ctx + 80) = 7;';
    const says = 'changes registers of processes (a store to its context in';

    it.each([
      ['by itself', `${HARM} { ${STORE} return 1; }`, 'harm'],
      [
        'through its stack',
        `${HARM} { void *volatile kept = ctx; void *volatile *at = &kept; ctx = *at; ${STORE} return 1; }`,
        'harm',
      ],
      [
        'through the stack of its caller',
        `static __attribute__((noinline)) int inner(void **at) { void *ctx = *(void *volatile *)at; ${STORE} return 1; }
       ${HARM} { void *kept = ctx; return inner(&kept); }`,
        'inner',
      ],
      [
        'in what a helper calls',
        `static long each(unsigned int index, void **at) { void *ctx = *(void *volatile *)at; ${STORE} return 0; }
       ${HARM} { void *kept = ctx; return bpf_loop(3, each, &kept, 0); }`,
        'each',
      ],
      [
        'kept where its place depends on the kernel',
        `struct task_struct { long before[2]; void *stack; } __attribute__((preserve_access_index));
       ${HARM} { void *volatile area[6]; area[2] = 0; area[3] = area[4] = area[5] = ctx;
         struct task_struct *task = (void *)area; asm volatile("" : "+r"(task)); ctx = task->stack; ${STORE} return 1; }`,
        'harm',
      ],
      [
        'of a pointer that another function gives back',
        `static __attribute__((noinline)) void *same(void *p) { asm volatile("" : "+r"(p)); return p; }
       ${HARM} { ctx = same(ctx); ${STORE} return 1; }`,
        'harm',
      ],
      [
        'only where a branch leads to it',
        `${HARM} { long a[2] = {0}; void *p = a; for (int i = 0; i < 3; i++) { if (bpf_get_prandom_u32() & 1) p = ctx; } *(volatile long *)p = 1; return a[0]; }`,
        'harm',
      ],
    ])('is found: %s', (_how, code, who) => {
      const bytes = handingOn(code);
      for (const one of [bytes, disguised(bytes)]) {
        const refused = load(one);
        expect(refused.status).toBe(1);
        expect(refused.stderr).toContain(`the script ${says} ${who}): allow that with --unsafe\n`);
      }
      const found = { effect: 'registers', what: 'a store to its context', who, needs: 'unsafe' };
      expect(inspectObject(bytes).outside).toMatchObject([found]);
      expect(() =>
        build('import "code.bpf.c";\nuprobe:/bin/true:main { @ = harm(ctx); }', {
          path: join(folder, 'script.bt'),
        }),
      ).toThrow(
        `imported code changes registers of processes: ${who}() has a store to its context`,
      );
    });

    it('is none where other memory is written, beside a context that is kept', () => {
      const bytes = handingOn(
        `struct kept { void *ctx; long *sum; };
       static long each(unsigned int index, struct kept *kept) { *kept->sum += *(volatile long *)(kept->ctx + 80); return 0; }
       ${HARM} { long sum = 0; struct kept kept = {ctx, &sum}; bpf_loop(3, each, &kept, 0); return sum; }`,
        '$a = arg1; for ($i : 0..arg0) { @n[$i, comm] = $a; } $s = str(arg0); @s[$s] = hist(arg2); print((arg0, $s));',
      );
      expect(load(bytes, '--check')).toMatchObject({ status: 0, stderr: '' });
      expect(inspectObject(bytes).outside).toEqual([]);
      // Where functions and loops follow each other, registers keep what nobody reads any more.
      const loops = build(
        `fn f($x : int64) : void { $a = $x; $t = "a text";
           for $i : 0..($x & 3) { }
           for $j : 0..($x & 5) { if ($t == "longer text" || $a > 7) { $a++; } } }
         fn g($x : int64) : void { $s = "key"; for $i : 0..($x & 3) { if ($s == "key") { $s = "no"; } } }
         uprobe:/bin/true:main { $a = (int64)arg0; $c = (int64)0; $s = "key";
           if ($s == "longer text") { if ($a < 7) { $c = 1; } }
           else { for $i : 0..($a & 3) { @[$s, $c * $c & 3] = hist((uint64)$i, 2); } } f($a); g($a); }`,
      );
      expect(load(Buffer.from(loops), '--check')).toMatchObject({ status: 0, stderr: '' });
      expect(inspectObject(loops).outside).toEqual([]);
      // Of other programs the verifier takes none.
      const other = object(
        'import "code.bpf.c";\nprofile:hz:9 { @ = harm(ctx); }',
        `${HARM} { ${STORE} return 1; }`,
      );
      expect(inspectObject(other).outside).toEqual([]);
    });
  },
);

describe('a section of programs', () => {
  it.each(['sk_msg', 'cgroup', 'raw_tq'])('is of a kind that is run: not %s', (section) => {
    const other = load(changed(object('begin { exit(); }'), 'raw_tp', section), '--check');
    expect(other.status).toBe(5);
    expect(other.stderr).toContain(
      `section ${section} is for programs of a kind that bpfload does not run`,
    );
  });
});

needs('root').describe('commands', () => {
  it('run with --allow-run, and with nothing less [FUN-017]', () => {
    const script = disguised(object('begin { system("echo out"); exit(); }'));
    expect(load(script).stderr).toBe(
      'ERROR: x.o: the script runs commands (echo out): allow that with --allow-run (or all with --unsafe)\n' +
        'HINT: Its manifest says that it changes nothing: no bpfscript built this object.\n',
    );
    expect(load(script, '--allow-write', '/').status).toBe(1);
    expect(load(script, '--allow-run')).toMatchObject({ status: 0, stdout: 'out\n\n\n' });
  });
});

needs('root').describe('files', () => {
  const home = join(folder, 'home');
  const file = join(home, 'x.pcap');
  const script = (path = file): Buffer =>
    object(
      `rawtracepoint:net_dev_queue { skboutput("${path}", args.skb, 10, 0); } begin { exit(); }`,
    );
  /** A file that is empty but for the header of pcap. */
  const HEADER = 24;
  mkdirSync(home);
  afterEach(() => {
    rmSync(home, { recursive: true });
    mkdirSync(home);
  });

  it('are written where that is allowed [FUN-018]', () => {
    expect(load(script()).stderr).toBe(
      `ERROR: x.o: the script writes files (${file}): allow that with --allow-write ${file} (or all with --unsafe)\n`,
    );
    expect(existsSync(file)).toBe(false);
    for (const allowed of [home, file, folder, '/']) {
      expect(load(script(), '--allow-write', allowed).status, allowed).toBe(0);
      expect(statSync(file).size).toBe(HEADER);
      rmSync(file);
    }
    for (const other of [`${home}/y`, `${home}x`, '/etc'])
      expect(load(script(), '--allow-write', other).status, other).toBe(1);
    expect(load(script(`${home}/../home/x.pcap`), '--allow-write', home).status).toBe(0);
    expect(load(script(`${home}/../y.pcap`), '--allow-write', home).status).toBe(1);
    expect(existsSync(join(folder, 'y.pcap'))).toBe(false);
  });

  it('that are there stay as they are, unless they are named', () => {
    writeFileSync(file, 'valuable');
    const refused = load(script(), '--allow-write', home);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(`cannot open ${file} for writing: it exists`);
    expect(readFileSync(file, 'utf8')).toBe('valuable');
    expect(load(script(), '--allow-write', file).status).toBe(0);
    expect(statSync(file).size).toBe(HEADER);
    writeFileSync(file, 'valuable');
    expect(load(script(), '--unsafe').status).toBe(0);
    expect(statSync(file).size).toBe(HEADER);
  });

  it('are no links, and lie behind none', () => {
    const target = join(folder, 'target');
    writeFileSync(target, 'valuable');
    symlinkSync(target, file);
    for (const flags of [['--unsafe'], ['--allow-write', file], ['--allow-write', home]])
      expect(load(script(), ...flags).status, flags.join(' ')).toBe(1);
    expect(load(script(), '--unsafe').stderr).toContain('is, or leads through, a symbolic link');
    expect(readFileSync(target, 'utf8')).toBe('valuable');
    symlinkSync(folder, join(home, 'out'));
    const through = load(script(join(home, 'out/z.pcap')), '--allow-write', home);
    expect(through.status).toBe(1);
    expect(existsSync(join(folder, 'z.pcap'))).toBe(false);
  });

  it('are regular ones', () => {
    spawnSync('mkfifo', [file]);
    expect(load(script(), '--unsafe').stderr).toMatch(/it is no regular file|No such device/);
  });
});

describe('the definition of a map', () => {
  const MAP = (more: string): string =>
    `struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); ${more} } shared SEC(".maps");
     __attribute__((noinline)) long put(long v) { __u32 k = 0; __u64 w = v; return bpf_map_update_elem(&shared, &k, &w, 0); }
     char _license[] SEC("license") = "GPL";`;
  const script = 'import "code.bpf.c";\nbegin { @ = put(7); exit(); }';
  const PIN = '/sys/fs/bpf/shared';

  needs('clang').it('that is pinned, or taken from where it is pinned, wants to be allowed', () => {
    const pinned = object(script, MAP('__uint(pinning, LIBBPF_PIN_BY_NAME);'));
    expect(load(pinned).stderr).toContain(
      `the script pins maps, or takes those that are pinned (${PIN}): allow that with --allow-write ${PIN} (or all with --unsafe)\n`,
    );
    expect(renderInspection(inspectObject(pinned))).toContain(`"${PIN}"  --allow-write`);
    expect(existsSync(PIN)).toBe(false);
  });

  needs('clang', 'root').it('is pinned where that is allowed', () => {
    const pinned = object(script, MAP('__uint(pinning, LIBBPF_PIN_BY_NAME);'));
    try {
      const { status, stderr } = load(pinned, '--allow-write', PIN);
      expect(status, stderr).toBe(0);
      expect(existsSync(PIN)).toBe(true);
    } finally {
      rmSync(PIN, { force: true });
    }
  });

  needs('clang').it('has no members that nobody knows', () => {
    const plain = object(script, MAP(''));
    expect(load(plain, '--check').status).toBe(0);
    const strange = changed(plain, 'max_entries\0', 'max_entriez\0');
    const refused = load(strange, '--check');
    expect(refused.status).toBe(5);
    expect(refused.stderr).toContain("has an unknown member 'max_entriez'");
    expect(() => object(script, MAP('__uint(colour, 3);'))).toThrow(
      'code.bpf.c has a map shared with an unknown member: colour',
    );
  });
});

needs('clang').describe('imported C', () => {
  it('that changes the system is an error of the compiler without --unsafe', () => {
    writeFileSync(
      join(folder, 'code.bpf.c'),
      `#include <linux/bpf.h>
       #include <bpf/bpf_helpers.h>
       int harm(int x) { return bpf_send_signal(x); }`,
    );
    const script = 'import "code.bpf.c";\ntracepoint:syscalls:sys_enter_getpgid { @ = harm(9); }';
    const options = { path: join(folder, 'script.bt') };
    expect(() => build(script, options)).toThrow(
      'code.bpf.c sends signals: harm() calls bpf_send_signal',
    );
    const bytes = build(script, { ...options, unsafe: true });
    expect(inspectObject(bytes)).toMatchObject({
      unsafe: true,
      contradictions: [],
      outside: [{ effect: 'signal', what: 'bpf_send_signal', who: 'harm' }],
    });
  });
});
