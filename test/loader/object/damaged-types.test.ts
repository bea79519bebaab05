/** Files with a kernel's types that nobody should trust: an error message, whatever is in them. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { build, temporaryFolder } from '../../support/build.ts';
import { damagedBtf, typesIn } from '../../support/damage.ts';
import { needs } from '../../support/needs.ts';
import { HANGS_MS } from '../../support/patience.ts';
import { LOADER_ASAN } from '../../support/run.ts';

const folder = temporaryFolder();
/** Members, a bitfield, arrays, an enumerator and a size. */
const SCRIPT = `begin { $t = (struct task_struct *)(uint64)4096; print(($t.pid, $t.in_execve, $t.se.load.weight, $t.thread.tls_array[1].base0));
  print((sizeof(struct task_struct), NR_VM_EVENT_ITEMS)); exit(); }`;

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
}

function load(object: string, types: Buffer, name: string): Promise<Ended> {
  const file = join(folder, name);
  writeFileSync(file, types);
  const child = spawn(LOADER_ASAN, ['--dry-run', '--btf', file, object], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: HANGS_MS,
    killSignal: 'SIGKILL',
    env: { ...process.env, ASAN_OPTIONS: 'exitcode=99', UBSAN_OPTIONS: 'exitcode=99' },
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('latin1');
  });
  return new Promise((resolve) => {
    child.on('close', (status) => resolve({ status, stderr }));
  });
}

needs('root').it('Types from a damaged file are refused, or do no harm', async () => {
  const object = join(folder, 'script.o');
  const bytes = build(SCRIPT);
  writeFileSync(object, bytes);
  const types = typesIn(bytes);
  // It is the damage that is refused.
  expect(await load(object, types, 'whole')).toEqual({ status: 0, stderr: '' });

  const wrong: string[] = [];
  let refused = 0;
  const waiting = [...damagedBtf(types, 60, 4711).entries()];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, damaged] = next;
      const { status, stderr } = await load(object, damaged, `damaged-${index}`);
      const isError = (status === 1 || status === 3) && /^(\S+: )?ERROR: /m.test(stderr);
      if (isError) refused += 1;
      else if (status !== 0) wrong.push(`${index}: ${status} ${stderr.slice(0, 2000)}`);
    }
  };
  await Promise.all([lane(), lane()]);
  expect(wrong).toEqual([]);
  expect(refused).toBeGreaterThan(40);
});

needs('root').it('types of this kernel are none that are damaged', async () => {
  const kernel = '/sys/kernel/btf/vmlinux';
  const object = join(folder, 'here.o');
  writeFileSync(object, build('begin { print(curtask.pid); exit(); }'));
  const { stderr } = await load(object, readFileSync(kernel), 'here');
  expect(stderr).not.toContain('damaged');
});
