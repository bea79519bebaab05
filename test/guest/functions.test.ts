/** Functions that other kernels than this one allow, or lack. */

import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { type GuestCommand, isBefore, runInGuest, SERIES } from '../support/guest.ts';
import { needs } from '../support/needs.ts';
import type { RunResult } from '../support/run.ts';

type Result = Omit<RunResult, 'endedAfter'>;

interface Command extends Omit<GuestCommand, 'object'> {
  readonly text: string;
}

/** What the guest itself knows. */
const SCHEDULE = 'echo "kallsyms $(grep -m1 " schedule$" /proc/kallsyms | cut -d" " -f1)"';

const COMMANDS = {
  writes: {
    text: `tracepoint:syscalls:sys_enter_write /comm == "sh" && str(args.buf, 6) == "hello"/ {
      print(write_user(args.buf, "J", 1)); print(write_user((uint64)args.buf + 1, "ALLOW", 3));
      print(write_user(0, "x", 1)); print(write_user(args.buf, args.buf, 2)); print(write_user(args.buf, uptr(1), 2)); }`,
    flags: '--unsafe',
    script: 'echo hello\n',
  },
  signals: {
    text: `tracepoint:syscalls:sys_enter_read /comm == "victim"/ { signal("USR1"); }`,
    flags: '--unsafe',
    script: '/workload comm victim read 1 1\necho status: $?\n',
  },
  overrides: {
    text: 'kprobe:vfs_read { override(-5); }',
    flags: '--unsafe',
    endsItself: true,
  },
  address: {
    text: 'begin { printf("kaddr %llx\\n", kaddr("schedule")); } interval:s:99 { }',
    script: SCHEDULE,
  },
  noAddress: { text: 'begin { print(kaddr("no_such_symbol")); }', endsItself: true },
  functions: {
    text: `begin { print((kfunc_exist("bpf_task_from_pid"), kfunc_exist("vfs_read"))); exit(); }
      tracepoint:sched:sched_switch { @ = kfunc_allowed("bpf_task_from_pid"); }`,
    endsItself: true,
  },
  allowed: {
    text: 'tracepoint:sched:sched_switch { @t = kfunc_allowed("bpf_task_from_pid"); } rawtracepoint:sched_switch { @r = kfunc_allowed("bpf_task_from_pid"); }',
    workload: 'sleep 20',
  },
  commOf: {
    text: 'interval:ms:100 { print((comm(1), comm(99999))); exit(); }',
    endsItself: true,
  },
  commOfTyped: {
    text: 'rawtracepoint:sched_switch { print((comm(1), comm(99999))); exit(); }',
    workload: 'sleep 20',
    endsItself: true,
  },
  percpu: {
    text: `begin { $rq = percpu_kaddr("runqueues"); print(($rq.cpu == cpu, percpu_kaddr("runqueues", 999) == 0, percpu_kaddr("runqueues", 0).cpu));
      print($rq.curr.pid == tid); print($rq.curr.comm);
      $none = percpu_kaddr("runqueues", 999); if ($none == 0) { print("none"); } print($none.cpu); exit(); }`,
    endsItself: true,
  },
  percpuProfile: {
    text: 'profile:hz:99 { $rq = percpu_kaddr("runqueues"); @[$rq.cpu == cpu] = count(); }',
    workload: 'spin 300',
  },
  // How many programs of this kind run on the CPU: this one.
  percpuNumber: {
    text: 'interval:ms:50 { print(*percpu_kaddr("bpf_prog_active")); exit(); }',
    endsItself: true,
  },
  // A variable that came in Linux 6.2 and is gone since 6.15.
  percpuLater: {
    text: 'begin { print(percpu_kaddr("pcpu_hot").cpu_number == cpu); exit(); }',
    endsItself: true,
  },
  clock: {
    text: 'begin { $a = nsecs(sw_tai); $b = nsecs(tai); $d = $a > $b ? $a - $b : $b - $a; print($d < 10000000); }',
    endsItself: true,
  },
} as const satisfies Record<string, Command>;

type Name = keyof typeof COMMANDS;

needs('root').describe('functions in guests', () => {
  for (const series of SERIES) {
    needs(`Linux ${series}`).describe(`Linux ${series}`, () => {
      let results: Readonly<Record<Name, Result>>;

      beforeAll(async () => {
        const folder = temporaryFolder();
        const names = Object.keys(COMMANDS) as Name[];
        const ran = await runInGuest(
          series,
          folder,
          names.map((name) => {
            const { text, ...command }: Command = COMMANDS[name];
            writeObject(folder, name, text, { unsafe: true });
            return { ...command, object: `${name}.o` };
          }),
        );
        results = Object.fromEntries(
          names.map((name, index) => [name, ran[index]]),
        ) as typeof results;
      }, 900_000);

      it('[FUN-076] write_user() changes what the process writes', () => {
        const { stdout } = results.writes;
        expect(stdout).toContain('JALLo\n');
        expect(stdout).toContain('true\ntrue\nfalse\ntrue\nfalse\n');
      });

      it('[FUN-074] signal() reaches the process', () => {
        expect(results.signals.stdout).toContain('status: 138\n');
      });

      it('[FUN-075] override() names the setting that the kernel was built without', () => {
        const { stderr, status } = results.overrides;
        expect(stderr).toContain(
          'lacks bpf_override_return, which the script needs: it wants CONFIG_BPF_KPROBE_OVERRIDE.',
        );
        expect(status).toBe(3);
      });

      it('[AOT-010] kaddr() follows the kernel that the object is loaded on', () => {
        const { stdout } = results.address;
        const address = /^kaddr ([0-9a-f]+)$/m.exec(stdout)?.[1];
        expect(address).toMatch(/^ffffffff[0-9a-f]{8}$/);
        expect(stdout).toContain(`kallsyms ${address}\n`);
      });

      it('[FUN-026] kaddr() of an unknown symbol is an error', () => {
        expect(results.noAddress).toMatchObject({
          stderr: 'stdin:1: ERROR: Failed to resolve kernel symbol: no_such_symbol\n',
          status: 1,
        });
      });

      it('[FUN-050] kfunc_exist() and kfunc_allowed() follow the kernel', () => {
        const has = !isBefore(series, '6.2');
        expect(results.functions.stdout).toMatch(new RegExp(`^\\(${has}, true\\)\n`));
        expect(results.allowed.stdout).toContain(`@r: ${has}\n`);
        expect(results.allowed.stdout).toContain(`@t: ${!isBefore(series, '6.12')}\n`);
      });

      it('[BLT-004] comm() names other processes where the kernel lets it', () => {
        const [named, unknown] = ['(init, N/A)\n', '([unknown], [unknown])\n'];
        const { stdout, stderr } = results.commOf;
        expect(stdout.startsWith(isBefore(series, '6.12') ? unknown : named)).toBe(true);
        expect(stderr).toContain(
          isBefore(series, '6.12')
            ? 'WARNING: comm(): this kernel does not let this probe ask for other processes'
            : 'WARNING: comm(): there is no process with that id.',
        );
        expect(
          results.commOfTyped.stdout.startsWith(isBefore(series, '6.2') ? unknown : named),
        ).toBe(true);
      });

      it("[FUN-027] percpu_kaddr() finds the variable and its members in this kernel's layout", () => {
        // Debian's 5.10 has none of them in its BTF.
        if (isBefore(series, '5.15')) {
          const all = [results.percpu, results.percpuNumber, results.percpuProfile];
          for (const { status, stderr } of all) {
            expect(stderr).toMatch(
              /^stdin:1:\d+: ERROR: percpu_kaddr\(\) needs the kernel's per-CPU/,
            );
            expect(status).toBe(3);
          }
          return;
        }
        expect(results.percpu.stdout).toMatch(/^\(true, true, 0\)\ntrue\nbpfload\nnone\n0\n/);
        expect(results.percpuNumber.stdout).toMatch(/^1\n/);
        expect(results.percpuProfile.stdout).toMatch(/^@\[true\]: \d+$/m);
        expect(results.percpuProfile.stdout).not.toContain('false');
        expect(results.percpuLater).toMatchObject(
          isBefore(series, '6.2') || !isBefore(series, '6.15')
            ? {
                stderr: expect.stringMatching(
                  /^stdin:1:\d+: ERROR: Could not resolve variable "pcpu_hot" from BTF: this kernel has no per-CPU variable of that name and type\.\n/,
                ),
                status: 1,
              }
            : { stdout: 'true\n\n\n', status: 0 },
        );
      });

      if (!isBefore(series, '6.1'))
        it('nsecs(sw_tai) is the clock of nsecs(tai)', () => {
          expect(results.clock.stdout).toMatch(/^true\n/);
        });
    });
  }
});
