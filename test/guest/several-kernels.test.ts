/** The scripts of the page about several kernels: each is built once, and right before and after what was renamed. */
import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { fences } from '../docs/pages.ts';
import { mapValue } from '../support/expect.ts';
import { SERIES } from '../support/guest.ts';
import { scriptsInGuest } from '../support/guest-scripts.ts';
import { needs } from '../support/needs.ts';

const [state = '', parent = '', time = ''] = fences(readFileSync('docs/several-kernels.md', 'utf8'))
  .filter(({ language }) => language === 'bt')
  .map(({ lines }) => lines.join('\n'));

const COMMANDS = {
  state: { text: state, workload: 'comm sleeper sleep 50 sleep 50 sleep 50' },
  parent: { text: parent, script: 'cat /sys/kernel/uevent_seqnum >/dev/null\n' },
  time: {
    text: time,
    script: 'touch -d @1000000000 /tmp/traced\ncat /tmp/traced >/dev/null\n',
  },
  questions: {
    text: `begin {
      printf("%d %d %d\\n", type_exists(struct task_struct), type_exists(union bpf_attr), type_exists(struct nope));
      printf("%d %d\\n", enum_exists(PIDTYPE_PID), enum_exists(NOPE));
      if (type_exists(struct nope)) { print(sizeof(struct pcpu_hot)); } else { print("no"); }
      exit();
    }`,
    endsItself: true,
  },
};

describe.each(SERIES)('On Linux %s', (series) => {
  const of = scriptsInGuest(series, COMMANDS);
  const test = needs(`Linux ${series}`).it;

  test('states of tasks are read by either name [AOT-003]', () => {
    const { stdout, stderr } = of('state');
    expect(mapValue(stdout, '@sleeps', 'sleeper'), stderr).toBe(3);
  });

  test('folders of files in sysfs are read by either name [AOT-003]', () => {
    const { stdout, stderr } = of('parent');
    expect(stdout, stderr).toContain('cat opens uevent_seqnum of kernel\n');
  });

  test('times of files are read from a struct and from a number [AOT-003]', () => {
    const { stdout, stderr } = of('time');
    expect(stdout, stderr).toContain('cat opens traced, modified at 1000000000\n');
  });

  test('types and enumerators are there or not', () => {
    const { stdout, stderr } = of('questions');
    expect(stdout, stderr).toMatch(/^1 1 0\n1 0\nno\n/);
  });
});
