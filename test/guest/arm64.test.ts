/** Objects for arm64, in guests of it: one boot a series, of those that BPFSCRIPT_KERNELS names (`arm64-6.12`). */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { btfOf, openImage } from '../../compiler/image/image.ts';
import { createMemory } from '../../compiler/image/memory.ts';
import { describeKernel } from '../../compiler/kernel/description.ts';
import { hostSources } from '../../compiler/kernel/host.ts';
import type { KernelDescription } from '../../compiler/kernel/types.ts';
import { temporaryFolder } from '../support/build.ts';
import { ARM64_SERIES } from '../support/guest.ts';
import { GUEST_LIMITS } from '../support/patience.ts';

const root = join(import.meta.dirname, '../..');
const folder = temporaryFolder();

/** struct btf_header (include/uapi/linux/btf.h): magic, version 1, no flags, 24 bytes long. */
const BTF = Buffer.from([0x9f, 0xeb, 1, 0, 24, 0, 0, 0]);

/** The kernel's types and an event of system calls, which are all that the scripts here ask for. */
function kernelOf(series: string): KernelDescription {
  const boot = join(root, '.cache/kernels', series, 'boot');
  const [name = ''] = readdirSync(boot);
  const btf = join(folder, `${series}.btf`);
  writeFileSync(btf, btfOf(openImage(readFileSync(join(boot, name)))));
  const tracing = join(folder, `${series}-tracing`);
  for (const event of ['sys_enter_openat', 'sys_exit_read'])
    mkdirSync(join(tracing, 'events/syscalls', event), { recursive: true });
  for (const event of ['sys_enter_openat', 'sys_exit_read'])
    writeFileSync(join(tracing, 'events/syscalls', event, 'format'), FORMAT);
  return describeKernel(
    hostSources({ release: series, arch: 'aarch64', btf, tracing: [tracing], syscalls: [] }),
  );
}

/** What the loader reads again on its host. */
const FORMAT = `name: event
ID: 1
format:
\tfield:int __syscall_nr;\toffset:8;\tsize:4;\tsigned:1;
\tfield:const char * filename;\toffset:24;\tsize:8;\tsigned:0;
`;

/** What dd reads one byte at a time, seven times, shows of each script. */
const SCRIPTS: readonly (readonly [string, RegExp])[] = [
  ['kprobe:vfs_read /comm == "dd"/ { @[arg2] = count(); }', /^@\[1\]: 7$/m],
  ['kretprobe:vfs_read /comm == "dd"/ { @[retval] = count(); }', /^@\[1\]: 7$/m],
  ['fexit:vfs_read /comm == "dd"/ { @[args.count, retval] = count(); }', /^@\[1, 1\]: 7$/m],
  ['kprobe:vfs_read /comm == "dd"/ { @[reg("r2")] = count(); }', /^@\[1\]: 7$/m],
  ['kprobe:vfs_read /comm == "dd"/ { @[kstack(2)] = count(); }', /vfs_read\+0/],
  [
    'tracepoint:syscalls:sys_enter_openat { @[str(args.filename)] = count(); }',
    /^@\[\/etc\/passwd\]: 1$/m,
  ],
  [
    'tracepoint:syscalls:sys_exit_* /comm == "dd"/ { @[probe] = count(); }',
    /sys_exit_read\]: \d+$/m,
  ],
  ['begin { printf("%s %d\\n", comm, curtask.tgid == pid); exit(); }', /^bpfload 1$/m],
];

function run(series: string): readonly string[] {
  const payload = join(folder, series);
  mkdirSync(payload, { recursive: true });
  copyFileSync(join(root, 'loader/build-arm64/bpfload'), join(payload, 'bpfload'));
  const kernel = kernelOf(series);
  SCRIPTS.forEach(([text], index) => {
    const { object, diagnostics } = compile(
      { name: 'stdin', text },
      { kernel, unsafe: false, environment: {} },
    );
    if (!object) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
    writeFileSync(join(payload, `${index}.o`), object());
  });
  const batch = join(folder, `${series}.batch`);
  const command = 'dd if=/etc/passwd of=/dev/null bs=1 count=7';
  writeFileSync(
    batch,
    SCRIPTS.map((_script, index) => `/bpfload -c '/bin/${command}' /${index}.o 2>&1; true\n`).join(
      '',
    ),
  );
  const results = join(folder, `${series}-results`);
  execFileSync(
    join(root, 'test/guest/vmrun.sh'),
    [...GUEST_LIMITS, '-b', batch, '-o', results, join(root, '.cache/kernels', series), payload],
    { stdio: 'pipe' },
  );
  return SCRIPTS.map((_script, index) => readFileSync(join(results, `${index + 1}.out`), 'utf8'));
}

describe('an arm64 kernel', () => {
  it('tells its types in its image', () => {
    const small = Buffer.concat([
      BTF,
      Buffer.from([0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]),
      Buffer.alloc(8),
    ]);
    const kernel = (data: Buffer) => ({
      arch: 'aarch64',
      memory: createMemory([{ start: 0n, data }]),
    });
    expect(btfOf(kernel(Buffer.concat([Buffer.alloc(5), small]))).subarray(0, 8)).toEqual(BTF);
    expect(() => btfOf(kernel(Buffer.alloc(64)))).toThrow('without BTF');
  });

  for (const series of ARM64_SERIES)
    it(`runs objects that were built for it: ${series}`, () => {
      const outputs = run(series);
      SCRIPTS.forEach(([text, expected], index) => {
        expect(outputs[index], text).toMatch(expected);
      });
    });
});
