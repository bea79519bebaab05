/** Arrays that stand behind the fields of their event, and are no text: an event that only several processors send. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { build, temporaryFolder } from '../support/build.ts';
import { type GuestResult, isBefore, runInGuest, SERIES } from '../support/guest.ts';
import { needs } from '../support/needs.ts';

/** Switching events on makes all processors look at changed code. */
const ASKED = {
  script: 'for to in 1 0; do echo $to >/sys/kernel/tracing/events/timer/timer_start/enable; done\n',
  endsItself: true,
};
const PROCESSORS = 4;
/** They are emulated. */
const TIME = 180_000;

function run(series: string, block: string): Promise<readonly GuestResult[]> {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'script.o'),
    build(`tracepoint:ipi:ipi_send_cpumask { ${block} exit(); }`),
  );
  const commands = [{ object: 'script.o', ...ASKED }];
  return runInGuest(series, folder, commands, { processors: PROCESSORS });
}

// The event is there since Linux 6.4.
for (const series of SERIES.filter((each) => !isBefore(each, '6.4')))
  needs(`Linux ${series}`).describe(`On Linux ${series} dynamic arrays of events`, () => {
    needs(`Linux ${series}`).it(
      'are read, copied and printed as long as they are',
      async () => {
        const [result] = await run(
          series,
          `print(*args); print(buf(args.cpumask)); print(buf(args.cpumask, 100)); print(buf(args.cpumask, 1));
         print((args.cpumask.bits[0] < 16, args.cpumask.bits[0] > 0, args.cpumask.bits[1], args.cpumask[1].bits[0]));
         $copied = *args; print($copied.cpumask);`,
        );
        expect(result?.status, result?.stderr).toBe(0);
        const mask = String.raw`(\\x0[0-9a-f])(\\x00){7}`;
        expect(result?.stdout).toMatch(
          new RegExp(
            [
              String.raw`\{ \.cpumask = ${mask}, \.callsite = 0x\w+, \.callback = 0x\w+ \}`,
              ...[mask, mask, String.raw`\\x0[0-9a-f]`],
              String.raw`\(true, true, 0, 0\)`,
              mask,
            ].join('\n'),
          ),
        );
      },
      TIME,
    );
  });
