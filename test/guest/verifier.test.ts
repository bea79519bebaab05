/** What each kernel's verifier refuses is said with the expression of the script, and in the verifier's own words. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { FOREIGN_SERIES, type GuestResult } from '../support/guest.ts';
import { type GuestScript, scriptsInGuest } from '../support/guest-scripts.ts';
import { needs } from '../support/needs.ts';

/** C that no checks of the compiler stand before. */
const CODE = `typedef unsigned long long u64;
static u64 (*const far)(u64) = (void *)900;
int outside(int at)
{
	char room[8];

	room[0] = 1;
	return room[at];
}
u64 helperless(u64 a)
{
	return far(a) + 1;
}
`;

const LOOP = `tracepoint:sched:sched_switch {
  $i = 0;
  while ($i < 3000) { @[$i] = str(args.next_comm); $i++; }
}`;
const OUTSIDE = `import "code.bpf.c";
begin { print(outside((int32)rand)); }`;
const HELPERLESS = `import "code.bpf.c";
begin { print(helperless(2)); }`;

const SCRIPTS = {
  loop: { text: LOOP, endsItself: true, flags: '--dry-run' },
  outside: { text: OUTSIDE, endsItself: true, flags: '--unsafe' },
  helperless: { text: HELPERLESS, endsItself: true, flags: '--unsafe' },
} as const satisfies Readonly<Record<string, GuestScript>>;

function expectRefusal({ status, stdout, stderr }: GuestResult, expected: RegExp): void {
  expect(stderr).toMatch(expected);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  // Instructions and registers are for -v.
  expect(stderr).not.toMatch(/^ *\d+: \(|R10=/m);
}

describe.each(FOREIGN_SERIES)('On Linux %s', (series) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'code.bpf.c'), CODE);
  const of = scriptsInGuest(series, SCRIPTS, { path: join(folder, 'stdin'), unsafe: true });
  const test = needs(`Linux ${series}`, 'clang').it;

  test('a loop that takes too many steps is named by what stands in it', () => {
    expectRefusal(
      of('loop'),
      /^stdin:3:\d+: ERROR: The script takes this kernel's verifier too many steps: .*too (complex|large).*\n {2}while \(\$i < 3000\) \{ @\[\$i\] = str\(args\.next_comm\); \$i\+\+; \}\n +~+\nHINT: Loops with fewer rounds/,
    );
  });

  test('code in functions has its own place', () => {
    expectRefusal(
      of('outside'),
      /^code\.bpf\.c:8:\d+: ERROR: This kernel's verifier refuses the script: .*\b(fp|stack)\b.*\n( {4}return room\[at\];\n +~+\n)?HINT: -v shows the verifier's log\.\n/,
    );
  });

  test('a helper that no kernel has is named by its call', () => {
    expectRefusal(
      of('helperless'),
      /^code\.bpf\.c:12:\d+: ERROR: This kernel's verifier refuses the script: invalid func unknown#900\n/,
    );
  });
});
