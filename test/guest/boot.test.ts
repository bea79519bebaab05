/** `bpfscript check --boot`: kernels that are booted say what `check` says of their descriptions. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { SERIES } from '../support/guest.ts';
import { descriptionOf } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { WORKLOAD } from '../support/run.ts';

const folder = temporaryFolder();
/** Where guests, too, have their temporary files. */
const program = join(folder, 'traced');
copyFileSync(WORKLOAD, program);
const OBJECTS = Object.entries({
  loads: 'kprobe:tcp_close { @[((struct sock *)arg0).sk_mark] = count(); }',
  traced: `uprobe:${program}:workload_text { @ = count(); }`,
  nothing: 'rawtracepoint:sched_wakeup { @m[1] = *args.p.signal; }',
  absent:
    'config = { missing_probes = warn } tracepoint:sched:sched_switch { @ = count(); } kprobe:no_such_function { @ = count(); }',
}).map(([name, script]) => writeObject(folder, name, script));

interface Column {
  readonly object: string;
  readonly kernel: string;
  readonly loads: boolean;
  readonly findings: readonly { readonly kind: string; readonly reason?: string }[];
}

needs(...SERIES.map((series) => `Linux ${series}` as const)).it.each(SERIES)(
  'objects load on Linux %s in a guest where check says so, and for the same reasons they do not',
  (series) => {
    const kernel = join('.cache/kernels', series);
    const { stdout, stderr, status } = bpfscript([
      ...['check', ...OBJECTS, '--diagnostics', 'json'],
      ...['--kernel', descriptionOf(series), '--boot', kernel],
    ]);
    expect(stderr).toBe('');
    const columns: readonly Column[] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .flatMap(({ type, data }) => (type === 'check' ? [data] : []));
    expect(columns).toHaveLength(2 * OBJECTS.length);
    for (const object of OBJECTS) {
      const [said, is] = columns.filter((column) => column.object === object);
      expect(is?.kernel).toBe(said?.kernel);
      expect(is?.findings).toMatchObject([{ kind: 'boot' }]);
      expect({ object, loads: is?.loads, findings: is?.findings }).toMatchObject({
        object,
        loads: said?.loads,
      });
      if (is?.loads === false)
        expect(said?.findings.map(({ reason }) => reason)).toContain(is.findings[0]?.reason);
    }
    expect(status).toBe(columns.every(({ loads }) => loads) ? 0 : 3);
  },
  120_000,
);

it('a kernel that is none cannot be booted, and scripts are not', () => {
  const [object = ''] = OBJECTS;
  const none = bpfscript(['check', object, '--boot', object]);
  expect(none).toMatchObject({ stdout: '', status: 1 });
  expect(none.stderr).toBe(
    `ERROR: cannot boot ${object}: it is neither a bzImage of x86-64 nor an Image of arm64\n`,
  );
  expect(bpfscript(['check', object, '--boot', join(folder, 'nowhere')])).toMatchObject({
    status: 1,
    stderr: `ERROR: cannot boot ${join(folder, 'nowhere')}: there is no ${join(folder, 'nowhere')}\n`,
  });
  expect(bpfscript(['check', '-e', 'begin { }', '--boot', 'x']).status).toBe(2);
});
