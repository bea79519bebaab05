/** Recordings of other kernels: shown there, and on a machine that has neither their functions nor their programs. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import { IN_GUESTS } from '../examples/guest-commands.ts';
import { text } from '../examples/support.ts';
import { temporaryFolder } from '../support/build.ts';
import { mapValue } from '../support/expect.ts';
import { type GuestScript, SUPPORTED, scriptsInGuest } from '../support/guest-scripts.ts';
import { needs } from '../support/needs.ts';
import { LOADER, LOADER_ASAN } from '../support/run.ts';

const folder = temporaryFolder();
const OURS = '/comm == "reader"/';
const READS = 'comm reader read 5 100 read 2 1000 call 3 7 8 sleep 200';

/** What is recorded, with what makes its events. */
const TRACED = {
  functions: {
    text: `kprobe:vfs_read ${OURS} {
        @calls = count(); @stacks[kstack, ustack, comm] = count(); @perf[kstack(perf, 5), ustack(perf)] = count();
        @raw[kstack(raw, 2), ustack(raw)] = count(); @log = hist(arg2); @linear = lhist(arg2, 0, 2000, 500);
        printf("%s %s %d %s\\n", probe, func, arg2, kstack(3)); print(ustack(2)); print(@calls);
        printf("%s %s\\n", ksym(reg("ip")), strftime("%F %T.%f %Z", nsecs)); }
      kretprobe:vfs_read ${OURS} { @returned[retval] = stats(retval); }
      uprobe:/workload:workload_target { @targets[ustack, usym(reg("ip")), func] = count(); }
      end { time("%F %T %z\\n"); print(@log); }`,
    workload: READS,
  },
  typed: {
    text: `fentry:vfs_read ${OURS} {
        @calls = count(); @names[str(args.file.f_path.dentry.d_name.name), kstack, func] = sum(args.count);
        @path = args.file.f_path; printf("%s %s %s\\n", probe, kstack(4), ustack(perf, 3)); print(args.file.f_path); }
      fexit:vfs_read ${OURS} { @returned[args.count, retval] = count(); print(kstack(raw, 3)); }`,
    workload: READS,
  },
  sampled: {
    text: `profile:hz:99 { @samples[kstack, ustack(3), comm] = count(); }
      software:page-faults:1 /comm == "workload"/ { @calls = count(); @faults[kstack(3), ustack(perf, 2), probe] = count(); }
      interval:ms:50 { print(@faults); }`,
    workload: READS,
  },
} as const satisfies Readonly<Record<string, GuestScript>>;

type Traced = keyof typeof TRACED;
const NAMES = Object.keys(TRACED) as Traced[];
const FORMS = ['text', 'json2'] as const;
const CASES = NAMES.flatMap((name) => FORMS.map((form) => [name, form] as const));

/** Shell: says what a report gives and the recording itself, each on a line in base64, which no console changes. */
const shows = (file: string, form: string): string => `
/bpfload report ${file} -f ${form} >/tmp/shown 2>/tmp/errors
echo $?
for i in /tmp/shown /tmp/errors ${file}; do gzip -c $i | base64 | tr -d '\\n'; echo; done
`;

/** Each is recorded, and then shown while a script runs that does nothing. */
const COMMANDS: Readonly<Record<string, GuestScript>> = Object.fromEntries(
  CASES.flatMap(([name, form]) => {
    const file = `/tmp/${name}.${form}`;
    return [
      [`${name}-${form}`, { ...TRACED[name], flags: `record -o ${file} --print -f ${form}` }],
      [`${name}-${form}-shown`, { text: 'interval:s:1000 { }', script: shows(file, form) }],
    ];
  }),
);

/** The examples that this kernel may not be able to run. */
const EXAMPLES = Object.entries(IN_GUESTS).map(([name, command]) => ({ name, command }));
const OF_EXAMPLES: Readonly<Record<string, GuestScript>> = Object.fromEntries(
  EXAMPLES.flatMap(({ name, command }) => {
    const file = `/tmp/${name}.rec`;
    // What the shell says is none of the loader's.
    const quiet = {
      ...command,
      ...(command.script ? { script: `exec 2>/dev/null\n${command.script}` } : {}),
    };
    return [
      [name, { text: text(name), ...quiet, flags: `record -o ${file} --print -f json2` }],
      [`${name}-shown`, { text: 'interval:s:1000 { }', script: shows(file, 'json2') }],
    ];
  }),
);

const unpacked = (line = ''): Buffer => gunzipSync(Buffer.from(line, 'base64'));

describe.each(SUPPORTED)('On Linux %s', (series) => {
  const of = scriptsInGuest(series, { ...COMMANDS, ...OF_EXAMPLES });

  const { it } = needs(`Linux ${series}`);

  const showsTheSame = (name: string, form: string): void => {
    const direct = of(name);
    const [status, shown, errors, recording] = of(`${name}-shown`).stdout.split('\n');
    expect(unpacked(shown).toString('latin1')).toBe(direct.stdout);
    expect(unpacked(errors).toString('latin1')).toBe(direct.stderr);
    expect(Number(status)).toBe(direct.status);

    const file = join(folder, `${series}-${name}.rec`);
    writeFileSync(file, unpacked(recording));
    for (const loader of [LOADER, LOADER_ASAN]) {
      const here = spawnSync(loader, ['report', file, '-f', form], { encoding: 'latin1' });
      expect(here.stdout).toBe(direct.stdout);
      expect(here).toMatchObject({ status: direct.status, stderr: direct.stderr });
    }
  };

  it.each(CASES)('a recording is shown as it was, there and here: %s, %s', (name, form) => {
    const direct = of(`${name}-${form}`);
    expect(direct.status, direct.stderr).toBe(0);
    if (form === 'text') expect(mapValue(direct.stdout, '@calls')).toBeGreaterThan(0);
    expect(direct.stdout).toContain(name === 'sampled' ? '@samples' : 'vfs_read+');

    showsTheSame(`${name}-${form}`, form);
  });

  it.each(EXAMPLES)('a recording of an example is shown as it was: $name', ({ name }) => {
    const { status, stderr, stdout } = of(name);
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('"type": "attached_probes"');
    showsTheSame(name, 'json2');
  });
});
