/** `-f json` and `-f json2` with the scripts of other tests: each line is as the schema says, and each script prints something. */

import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { names, shell, text } from '../examples/support.ts';
import { CASES } from '../guest/corpus.ts';
import { jsonLines, typedLines } from '../support/json.ts';
import { needs } from '../support/needs.ts';
import { run, WORKLOAD } from '../support/run.ts';

const hasKprobes = existsSync('/sys/kernel/tracing/kprobe_events');
/** __NR_getppid of x86-64 (arch/x86/entry/syscalls/syscall_64.tbl). */
const NUMBER_OF_GETPPID = '110';
const HERE = CASES.filter(({ script }) => hasKprobes || !/^k(ret)?probe:/.test(script));

needs('root').describe('As JSON', () => {
  it.each(
    HERE.flatMap((each) => [
      { ...each, form: 'json', lines: jsonLines },
      { ...each, form: 'json2', lines: typedLines },
    ]),
  )('$form: a script that $title', async ({ script, workload, parameters, form, lines }) => {
    const { stdout, status } = await run(
      script.replaceAll('WORKLOAD', WORKLOAD).replaceAll('GETPPID', NUMBER_OF_GETPPID),
      {
        flags: ['-f', form],
        ...(workload === undefined ? { signal: 'none' } : { workload }),
        ...(parameters === undefined ? {} : { parameters: parameters.split(' ') }),
      },
    );
    expect(lines(stdout).length).toBeGreaterThan(1);
    expect(status).toBe(0);
  });

  it('the tools of the examples', async () => {
    const command =
      '$WORKLOAD comm tool read 5 100 write 5 100 open 3 /etc/hostname fork 3 getppid 1; sleep 0.05';
    let printed = 0;
    for (const name of names) {
      const result = await run(text(name), {
        flags: ['-f', 'json', '--unsafe'],
        unsafe: true,
        workload: () => shell(command),
        settle: 0,
      });
      // The others trace what this kernel does not have.
      if (result.status === 0) printed += jsonLines(result.stdout).length;
    }
    expect(printed).toBeGreaterThan(100);
  });
});
