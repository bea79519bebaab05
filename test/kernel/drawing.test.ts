/** Pictures of real runs say the numbers of the run's text. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { beforeAll, expect, it } from 'vitest';
import { TraceSchema } from '../../compiler/drawing/trace/perfetto_pb.ts';
import { temporaryFolder } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';
import { runStopping } from '../support/stopping.ts';

const folder = temporaryFolder();
const program = join(folder, 'calls');
const SOURCE = `#include <signal.h>
#define KEEP __attribute__((noinline, noclone, used))
KEEP int leaf(int x) { __asm__ volatile("" : "+r"(x) : "r"(__builtin_frame_address(0))); return x; }
KEEP int left(int x) { int y = leaf(x); return y + 1; }
KEEP int right(int x) { int y = leaf(x); int z = leaf(y); return y + z; }
int main(void) {
  int sum = 0;
  for (int i = 0; i < 5; i++) sum += left(i);
  for (int i = 0; i < 10; i++) sum += right(i);
  raise(SIGSTOP);
  return sum == 12345;
}
`;
const FORMS = ['text', 'json', 'json2', 'folded'] as const;

/** What the picture of a run says where the mouse is. */
async function tips(script: string, form: string, ...flags: readonly string[]): Promise<string[]> {
  const { stdout } = await run(script, {
    flags: ['-q', '-f', form],
    workload: (loader) => runStopping(loader, program),
  });
  const input = join(folder, `found.${form}`);
  const output = join(folder, `${form}.svg`);
  writeFileSync(input, Buffer.from(stdout, 'latin1'));
  const result = bpfscript(['draw', input, '-o', output, ...flags]);
  expect(result).toEqual({ stdout: '', stderr: '', status: 0 });
  return [...readFileSync(output, 'utf8').matchAll(/<title>([^<]*)<\/title>/g)].map(
    ([, tip]) => tip ?? '',
  );
}

needs('root').describe('A picture of a run', () => {
  beforeAll(() => {
    const source = join(folder, 'calls.c');
    writeFileSync(source, SOURCE);
    const flags = ['-O1', '-fno-omit-frame-pointer', '-fno-optimize-sibling-calls'];
    execFileSync('gcc', [...flags, '-o', program, source]);
  });

  it.each(FORMS)('has the counts of stacks: %s', async (form) => {
    const script = `uprobe:${program}:leaf+4 { @[ustack(3), comm] = count(); }`;
    // Three frames are all that lie below the limit, whoever calls main.
    expect(await tips(script, form)).toEqual([
      'all: 25 (100.00%)',
      'calls: 25 (100.00%)',
      'main: 25 (100.00%)',
      'left: 5 (20.00%)',
      'leaf: 5 (20.00%)',
      'right: 20 (80.00%)',
      'leaf: 20 (80.00%)',
    ]);
  });

  it.each(['text', 'json', 'json2'])('has the counts of buckets: %s', async (form) => {
    const script = `uprobe:${program}:right { @h[comm] = hist(arg0); }`;
    expect(await tips(script, form)).toEqual([
      '0: 1 (10.0%)',
      '1: 1 (10.0%)',
      '[2, 3]: 2 (20.0%)',
      '[4, 7]: 4 (40.0%)',
      '[8, 15]: 2 (20.0%)',
    ]);
  });

  it.each(['text', 'json', 'json2'])('has the numbers of keys: %s', async (form) => {
    const script = `uprobe:${program}:left { @n["left", 1] = sum(1); } uprobe:${program}:right { @n["right", 2] = sum(arg0); }`;
    const [first, second] = await tips(script, form);
    // Keys of JSON are text without blanks.
    expect([first, second].map((tip) => tip?.replace(', ', ','))).toEqual([
      'right,2: 45',
      'left,1: 5',
    ]);
  });

  it.each(['pftrace', 'json', 'svg'])(
    'has a slice for each pair of entry and exit: .%s',
    async (form) => {
      const script = `uprobe:${program}:left, uprobe:${program}:right
      { print((ts = nsecs, point = probe, process = pid, thread = tid, task = comm)); @begun = count(); }
      uretprobe:${program}:left, uretprobe:${program}:right
      { print((ts = nsecs, point = probe, process = pid, thread = tid, ret = retval)); }`;
      const { stdout } = await run(script, {
        flags: ['-q', '-f', 'json2'],
        workload: (loader) => runStopping(loader, program),
      });
      expect(stdout).toContain('"data": [{"key": [], "value": 15}]');
      const input = join(folder, 'events.json');
      const output = join(folder, `events-of.${form}`);
      writeFileSync(input, Buffer.from(stdout, 'latin1'));
      const choice = form === 'svg' ? ['--map', 'events'] : [];
      expect(bpfscript(['draw', input, '-o', output, ...choice])).toMatchObject({
        stderr: '',
        status: 0,
      });
      if (form === 'svg') {
        // Those that hide behind others have no box of their own.
        expect(readFileSync(output, 'utf8')).toContain('15 slices');
        return;
      }
      expect(begun(form, output)).toEqual([...Array(5).fill('left'), ...Array(10).fill('right')]);
    },
  );
});

/** Names of the slices that begin in a trace. */
function begun(form: string, file: string): readonly string[] {
  if (form === 'json') {
    const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as {
      traceEvents: readonly { readonly ph: string; readonly name: string }[];
    };
    return traceEvents.filter(({ ph }) => ph === 'B').map(({ name }) => name);
  }
  return fromBinary(TraceSchema, readFileSync(file)).packet.flatMap(({ trackEvent }) =>
    trackEvent?.type === 1 ? [trackEvent.name] : [],
  );
}
