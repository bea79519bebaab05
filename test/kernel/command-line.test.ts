/** Flags and variables of the environment that need a kernel. */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kernelDescription, temporaryFolder, writeObject } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { needs } from '../support/needs.ts';
import { LOADER, runObject } from '../support/run.ts';

const folder = temporaryFolder();

needs('root').describe('-k', () => {
  const SCRIPT =
    'BEGIN { print(str(uptr(16))); print(*(int32 *)uptr(32)); @x[1] = 1; print(@x[2]); exit(); }';

  it('warns of reads and look-ups that fail, with their place [CLI-011]', () => {
    const result = bpfscript(['-k', '-e', SCRIPT]);
    expect(result.status).toBe(0);
    const mark = (text: string): string => {
      const at = SCRIPT.indexOf(text);
      return `stdin:1:${at + 1}-${at + text.length + 1}: WARNING: `;
    };
    const excerpt = (text: string): string =>
      `${SCRIPT}\n${' '.repeat(SCRIPT.indexOf(text))}${'~'.repeat(text.length)}\n`;
    expect(result.stderr).toContain(
      `${mark('str(uptr(16))')}Bad address\n` +
        'Additional Info - helper: probe_read_user_str, retcode: -14\n' +
        excerpt('str(uptr(16))'),
    );
    expect(result.stderr).toContain(
      `${mark('*(int32 *)uptr(32)')}Bad address\n` +
        'Additional Info - helper: probe_read_user, retcode: -14\n',
    );
    expect(result.stderr).toContain(
      `${mark('@x[2]')}Can't lookup map element because it does not exist.\n` +
        'Additional Info - helper: map_lookup_elem, retcode: 0\n',
    );
  });

  it('changes nothing of what the script prints, and says nothing where nothing fails [CLI-011]', () => {
    const plain = bpfscript(['-e', SCRIPT]);
    expect(plain.stderr).toBe('Attached 1 probe\n');
    expect(bpfscript(['-k', '-e', SCRIPT]).stdout).toBe(plain.stdout);
    expect(bpfscript(['-k', '-e', 'BEGIN { @x[1] = 1; print(@x[1]); print(comm); }']).stderr).toBe(
      'Attached 1 probe\n',
    );
  });

  it('gives helper errors as JSON [CLI-011]', () => {
    const result = bpfscript(['-k', '-f', 'json', '-e', 'BEGIN { print(str(uptr(16))); exit(); }']);
    const lines = result.stdout.trim().split('\n');
    expect(lines.map((line): unknown => JSON.parse(line))).toContainEqual({
      type: 'helper_error',
      msg: 'Bad address',
      helper: 'probe_read_user_str',
      retcode: -14,
      filename: 'stdin',
      line: 1,
      col: expect.any(Number),
    });
  });
});

needs('root').describe('-d', () => {
  it('shows what libbpf and the verifier say, and runs the script [CLI-010]', () => {
    const run = (stages: string) => bpfscript(['-d', stages, '-e', 'BEGIN { print(7); }']);
    const verifier = run('verifier');
    expect(verifier.stdout).toContain('7\n');
    expect(verifier.stderr).toContain('\nverifier\n--------\n');
    expect(verifier.stderr).toMatch(/^processed \d+ insns /m);
    expect(verifier.stderr).not.toContain('elf: section');
    const libbpf = run('libbpf');
    expect(libbpf.stderr).toContain('\nlibbpf\n------\n');
    expect(libbpf.stderr).toContain("found program 'begin_1'");
    expect(libbpf.stderr).not.toMatch(/^processed \d+ insns /m);
    const all = run('all');
    expect(all.stdout).toMatch(/\ndis\n---\n[\s\S]*\n7\n/);
    expect(all.stderr).toMatch(/^processed \d+ insns /m);
  });
});

needs('root').describe('--info', () => {
  it('says what compiler, loader, host and kernel are [CLI-023]', () => {
    const result = bpfscript(['--info']);
    expect(result).toMatchObject({ stderr: '', status: 0 });
    const sections = ['Compiler', 'System', 'Build', 'Kernel helpers', 'Kernel features'];
    for (const section of [...sections, 'Probe types'])
      expect(result.stdout.split('\n')).toContain(section);
    const release = execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim();
    expect(result.stdout).toContain(`\n  OS: Linux ${release} `);
    expect(result.stdout).toMatch(/\n {2}bpfload: \d+\.\d+\.\d+\n/);
    expect(result.stdout).toContain('\n  bpf_probe_read_kernel: yes\n');
    expect(result.stdout).toContain('\n  btf: yes\n');
    expect(result.stdout).toContain('\n  1000000 instructions: yes\n');
    expect(result.stdout).toMatch(/\n {2}kprobe_multi: (yes|no)\n/);
  });

  it('needs no root, and guesses nothing [CLI-023]', () => {
    const result = spawnSync('setpriv', ['--reuid', '65534', '--clear-groups', LOADER, '--info']);
    expect(result.status).toBe(0);
    expect(result.stdout.toString()).toContain(
      '\n  bpf_loop: unknown (needs CAP_BPF and CAP_PERFMON)\n',
    );
  });
});

needs('root').describe('BPFTRACE_BTF', () => {
  const other = join(folder, 'other.btf');
  const offsetOfPid = (): number => {
    const { types } = kernelDescription();
    const task = types.struct('struct', 'task_struct');
    return task ? (types.member(task, 'pid')?.bitOffset ?? 0) / 8 : 0;
  };
  const patched = (stderr: string): number =>
    Number(
      /struct task_struct\.pid[\s\S]*?patched insn #\d+ \([^)]*\) \S+ \d+ -> (\d+)/.exec(
        stderr,
      )?.[1],
    );

  it('takes the place of the kernel in relocating objects [CLI-038]', async () => {
    writeFileSync(other, kernelDescription().btf);
    const object = writeObject(folder, 'pid', 'BEGIN { printf("%d", curtask.pid); exit(); }');
    const load = (environment: Readonly<Record<string, string>>) =>
      runObject(object, { flags: ['-d', 'libbpf'], environment, signal: 'none' });
    const foreign = await load({ BPFTRACE_BTF: other });
    expect(patched(foreign.stderr)).toBe(offsetOfPid());
    const own = await load({});
    expect(patched(own.stderr)).toBeGreaterThan(0);
    const missing = await load({ BPFTRACE_BTF: '/no/such.btf' });
    expect(missing.status).toBe(3);
    expect(missing.stderr).toContain(
      "ERROR: Cannot read the kernel's types from /no/such.btf: No such file or directory.\nHINT: ",
    );
  });

  it('is --btf on the command line of bpfload', async () => {
    writeFileSync(other, kernelDescription().btf);
    const object = writeObject(folder, 'btf', 'BEGIN { printf("%d", curtask.pid); exit(); }');
    const load = (file: string) =>
      runObject(object, { flags: ['-d', 'libbpf', '--btf', file], signal: 'none' });
    expect(patched((await load(other)).stderr)).toBe(offsetOfPid());
    const none = await load('/dev/null');
    expect([none.status, none.stderr]).toEqual([3, expect.stringContaining('from /dev/null: ')]);
  });

  it('is what scripts are compiled against, also in an ELF file [CLI-038]', () => {
    writeFileSync(other, kernelDescription().btf);
    const elf = join(folder, 'vmlinux');
    execFileSync('gcc', ['-c', '-x', 'c', '/dev/null', '-o', join(folder, 'empty.o')]);
    execFileSync('objcopy', ['--add-section', `.BTF=${other}`, join(folder, 'empty.o'), elf]);
    const list = (btf: string): string =>
      spawnSync(process.execPath, ['dist/bpfscript.js', 'list', '-v', 'struct task_struct'], {
        env: { ...process.env, BPFTRACE_BTF: btf },
        encoding: 'utf8',
      }).stdout;
    const expected = bpfscript(['list', '--kernel', 'default', '-v', 'struct task_struct']).stdout;
    expect(expected).toContain('pid_t pid;');
    expect(list(other)).toBe(expected);
    expect(list(elf)).toBe(expected);
  });
});

needs('root').describe('NOTIFY_SOCKET', () => {
  it('hears READY once everything is attached, and STOPPING at the end', async () => {
    const listener = join(folder, 'listener');
    execFileSync('gcc', ['-Wall', '-o', listener, join(import.meta.dirname, 'notify/listener.c')]);
    const path = join(folder, 'notify');
    const manager = spawn(listener, [path], { stdio: ['ignore', 'pipe', 'inherit'] });
    let heard = '';
    const hears = (text: string) =>
      new Promise<void>((resolve) => {
        const look = (): void => (heard.includes(text) ? resolve() : void setTimeout(look, 5));
        look();
      });
    manager.stdout.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
    });
    try {
      await hears('listening\n');
      const object = writeObject(folder, 'timer', 'interval:s:100 { }');
      const result = await runObject(object, {
        environment: { NOTIFY_SOCKET: path },
        workload: () => hears('READY=1\n'),
      });
      expect(result.status).toBe(0);
      await hears('STOPPING=1\n');
      expect(heard).toBe('listening\nREADY=1\nSTOPPING=1\n');
    } finally {
      manager.kill();
    }
  });
});
