/** `bpfscript rollout`: reports of starts become one summary. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/build.ts';
import { bpfscript } from '../../support/command.ts';
import { runHere } from '../../support/command-here.ts';
import { rolloutOf, startReport } from '../../support/json.ts';

const folder = temporaryFolder();
const DIGEST = `sha256:${'1'.repeat(64)}`;

interface Start {
  readonly host: string;
  readonly kernel?: string;
  readonly digest?: string;
  readonly time?: number;
  readonly status?: number;
  readonly reason?: string;
  readonly missing?: string;
  readonly took?: number;
}

/** As the loader writes it. */
function line(start: Start): string {
  const { host, kernel = '6.12.1', digest = DIGEST, time = 1, status = 0, took = 1000 } = start;
  const codes = ['', 'script', 'usage', 'kernel', 'permission', 'object'];
  const text = `${JSON.stringify({
    type: 'start',
    schema: 1,
    time,
    host,
    kernel: { release: kernel, version: '#1', machine: 'x86_64' },
    loader: 'bpfload 0.1.0',
    object: { file: 'tool.o', digest, script: 'tool.bt', producer: 'bpfscript 0.1.0' },
    dry_run: true,
    status,
    probes: {
      attached: status === 0 ? 1 : 0,
      left_out: start.missing === undefined ? 0 : 1,
      ...(start.missing === undefined
        ? {}
        : { missing: [{ probe: start.missing, reason: 'it is not there' }] }),
    },
    ...(status === 0
      ? {}
      : {
          failure: {
            code: codes[status],
            stage: 'load',
            reason: start.reason ?? 'This kernel lacks it.',
            file: 'tool.bt',
            line: 3,
            column: 1,
          },
        }),
    microseconds: { read: 0, load: took, attach: 0 },
  })}\n`;
  startReport(text);
  return text;
}

function lines(...starts: readonly Start[]): string {
  return starts.map(line).join('');
}

function rollout(input: string, ...words: readonly string[]) {
  return runHere(['rollout', write('reports.jsonl', input), ...words]);
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const many = (count: number, start: Omit<Start, 'host'>, from = 0): readonly Start[] =>
  Array.from({ length: count }, (_, index) => ({ ...start, host: `web-${from + index}` }));

describe('a summary', () => {
  it('has kernels, reasons with hosts, and times', async () => {
    const { stdout, stderr, status } = await rollout(
      lines(
        ...many(6, { kernel: '6.12.1' }).map((start, index) => ({ ...start, took: 1000 * index })),
        ...many(3, { kernel: '6.1.0', status: 3 }, 6),
        { host: 'db', kernel: '6.6.0', missing: 'kprobe:gone' },
      ),
    );
    expect({ stderr, status }).toEqual({ stderr: '', status: 3 });
    expect(stdout).toBe(`tool.bt ${DIGEST}
attached on 7 of 10 hosts, on 1 of them without some probes (dry run)

kernel  machine  hosts  attached  partly  refused
6.1.0   x86_64       3         0       0        3
6.6.0   x86_64       1         1       1        0
6.12.1  x86_64       6         6       0        0

refused on 3 hosts (status 3): tool.bt:3:1: This kernel lacks it.
  kernels: 6.1.0
  hosts: web-6 web-7 web-8

without kprobe:gone on 1 host: it is not there
  kernels: 6.6.0
  hosts: db

attached within 2.0 ms on half of the hosts, 5.0 ms on 90 %, 5.0 ms on 99 %, 5.0 ms on web-5
`);
  });

  it('keeps objects apart, and takes the latest report of a host', async () => {
    const other = `sha256:${'2'.repeat(64)}`;
    const { stdout, status } = await rollout(
      lines(
        { host: 'a', status: 4, time: 1 },
        { host: 'a', time: 3 },
        { host: 'a', status: 1, time: 2 },
        { host: 'a', digest: other, status: 5 },
        { host: 'b' },
      ),
      '--json',
    );
    expect(status).toBe(5);
    const { objects } = rolloutOf(stdout) as { readonly objects: readonly unknown[] };
    expect(objects).toMatchObject([
      { digest: DIGEST, hosts: 2, attached: 2, refusals: [] },
      { digest: other, hosts: 1, attached: 0, refusals: [{ status: 5, hosts: ['a'] }] },
    ]);
  });

  it('names the hosts of a list from which nothing came, and others', async () => {
    const list = write('fleet', 'a # the first\n\n# none\nb\nc\n');
    const { stdout, status } = await rollout(lines({ host: 'a' }, { host: 'x' }), '--hosts', list);
    expect(status).toBe(1);
    expect(stdout).toContain('never reported: b c\n');
    expect(stdout).toContain('not in the list: x\n');
  });
});

describe('lines that are no reports', () => {
  it('are told up to twenty times, and then counted', async () => {
    const told = async (count: number) => {
      const { stderr, status } = await rollout('no report\n'.repeat(count));
      expect(status).toBe(5);
      return stderr.trimEnd().split('\n');
    };
    const place = (number: number) =>
      expect.stringMatching(new RegExp(`^WARNING: .*reports\\.jsonl:${number}: no report: .`));
    const twenty = Array.from({ length: 20 }, (_, index) => place(index + 1));
    expect(await told(1)).toEqual([place(1)]);
    expect(await told(20)).toEqual(twenty);
    expect(await told(21)).toEqual([...twenty, 'WARNING: 1 others are no reports either']);
  });

  it('are something, and nothing is refused but where hosts are known', async () => {
    const nothing = await rollout('\n\n');
    expect(nothing).toEqual({ stdout: '', stderr: 'ERROR: there are no reports\n', status: 1 });
    const list = write('silent-fleet', 'a\n');
    expect(await rollout('\n\n', '--hosts', list)).toMatchObject({
      stdout: expect.stringContaining('never reported: a\n'),
      status: 1,
    });
    const none = write('no-fleet', '# nobody\n');
    expect((await rollout(lines({ host: 'a' }), '--hosts', none)).stderr).toBe(
      `ERROR: ${none} names no hosts\n`,
    );
  });

  it('count as a host that did not attach', async () => {
    const good = many(9, {});
    const words = ['--min-attached', '90'];
    expect((await rollout(lines(...good), '--min-attached', '100')).status).toBe(0);
    expect((await rollout(`${lines(...good)}x\n`, ...words)).status).toBe(0);
    expect((await rollout(`${lines(...good)}x\ny\n`, ...words)).status).toBe(5);
    const list = write('ten', [...good.map(({ host }) => host), 'other'].join('\n'));
    expect((await rollout(lines(...good), ...words, '--hosts', list)).status).toBe(0);
    expect((await rollout(lines(...good), '--hosts', list)).status).toBe(1);
    // One that is missing, and one line that is likely its own.
    expect((await rollout(`${lines(...good)}x\n`, ...words, '--hosts', list)).status).toBe(0);
    expect((await rollout(`${lines(...good)}x\n`, '--hosts', list)).status).toBe(1);
  });
});

describe('standard input', () => {
  it('is read as a file is', () => {
    // The bytes of UTF-8.
    const input = Buffer.from(`${line({ host: 'bär' })}none\n`).toString('latin1');
    const { stdout, stderr, status } = bpfscript(['rollout', '-'], { input });
    expect({ stderr, status }).toEqual({
      stderr: 'WARNING: standard input:2: no report: it is not JSON\n',
      status: 5,
    });
    expect(Buffer.from(stdout, 'latin1').toString()).toContain(', 1.0 ms on bär\n');
  });

  it('may have nothing in it, which is none of a host', () => {
    const list = write('silent', 'a\nb\n');
    const none = bpfscript(['rollout', '-', '--hosts', list], { input: '' });
    expect(none).toEqual({ stdout: 'never reported: a b\n', stderr: '', status: 1 });
    expect(bpfscript(['rollout', '-'], { input: '' })).toMatchObject({
      stderr: 'ERROR: there are no reports\n',
      status: 1,
    });
  });
});

describe('its status', () => {
  it.each<[readonly Start[], readonly string[], number]>([
    [many(10, {}), [], 0],
    [[...many(9, {}), { host: 'a', status: 4 }], [], 4],
    [[...many(8, {}), { host: 'a', status: 4 }, { host: 'b', status: 3 }], [], 1],
    [[...many(9, {}), { host: 'a', status: 4 }], ['--min-attached', '90'], 0],
    [[...many(9, {}), { host: 'a', status: 4 }], ['--min-attached', '90.1'], 4],
  ])('is what pipelines can use (%#)', async (starts, words, status) => {
    expect((await rollout(lines(...starts), ...words)).status).toBe(status);
  });

  it.each([['101'], ['-1'], ['many'], ['1e1']])('is not decided by %s percent', async (percent) => {
    expect((await rollout('', `--min-attached=${percent}`)).status).toBe(2);
  });
});

describe('what is no report', () => {
  it.each([
    ['no json', 'it is not JSON'],
    ['[]', 'it is not as it should be'],
    ['{"type":"start","schema":2}', 'it is of another version'],
    [line({ host: 'a' }).replace('"status":0', '"status":-1'), 'status is no number'],
    [line({ host: 'a' }).replace('"status":0', '"status":3'), 'failure is not as it should be'],
    [line({ host: 'a' }).replace('sha256:1', 'sha256:x'), 'digest is not as it should be'],
    [line({ host: 'a' }).replace('"host":"a"', '"host":{}'), 'host is no text'],
    [line({ host: '' }), 'host is empty'],
    [`{"x":"${'y'.repeat(1 << 20)}"}`, 'it is longer than 1048576 bytes'],
  ])('is said, and counts as a host that failed (%#)', async (text, reason) => {
    const { stdout, stderr, status } = await rollout(`${line({ host: 'right' })}${text}\n`);
    expect(stderr).toContain(`WARNING: ${join(folder, 'reports.jsonl')}:2: no report: ${reason}\n`);
    expect(stdout).toContain('attached on 1 of 1 host (dry run)');
    expect(status).toBe(5);
  });

  it('does nothing to a terminal, and fills no pages', async () => {
    const hostile = '\u001b[2J\u202e\r\n\u009b';
    const { stdout: printed, stderr } = await rollout(
      lines(
        ...Array.from({ length: 200 }, (_, index) => ({
          host: `${hostile}${index}`,
          kernel: `${hostile}${index}`,
          status: 3,
          reason: `${hostile}${index}${'x'.repeat(2000)}`,
        })),
      ),
    );
    expect(stderr).toBe('');
    const stdout = Buffer.from(printed, 'latin1').toString();
    expect(stdout).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
    expect(stdout).toContain('\\u{1b}[2J\\u{202e}');
    expect(stdout).toContain('and 180 other reasons');
    expect(stdout.length).toBeLessThan(40_000);
  });

  it('is read no further where there is too much of it', async () => {
    const junk = join(folder, 'junk');
    mkdirSync(junk);
    writeFileSync(join(junk, 'a.json'), 'x\n'.repeat(100_000));
    writeFileSync(join(junk, 'b.json'), line({ host: 'b' }));
    writeFileSync(join(junk, 'c.json'), `${'['.repeat(500_000)}\n`);
    const { status, stdout, stderr } = await runHere(['rollout', junk, '--json']);
    expect(status).toBe(5);
    const { faults, objects } = rolloutOf(stdout) as {
      readonly faults: readonly unknown[];
      readonly objects: readonly unknown[];
    };
    expect(objects).toMatchObject([{ hosts: 1, attached: 1 }]);
    expect(faults).toHaveLength(1002);
    expect(faults[1000]).toEqual({
      place: join(junk, 'a.json'),
      reason: 'it has 1000 such lines: no more is read',
    });
    expect(stderr.split('\n').length).toBeLessThan(30);
  });

  it('is read to the bound where a line has no end', () => {
    const { status, stdout, stderr } = bpfscript(['rollout', '/dev/zero']);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('/dev/zero: there are more than 200000 reports, or 512 MiB of them');
  });

  it('counts beside hosts that never reported', async () => {
    const list = write(
      'hundred.txt',
      many(100, {})
        .map(({ host }) => host)
        .join('\n'),
    );
    const words = ['--hosts', list, '--min-attached', '99'];
    const attached = lines(...many(99, {}));
    expect((await rollout(attached, ...words)).status).toBe(0);
    expect((await rollout(`${attached}${'x\n'.repeat(5)}`, ...words)).status).toBe(1);
  });

  it('is, in a folder, each link and pipe', async () => {
    const reports = join(folder, 'reports');
    mkdirSync(reports);
    writeFileSync(join(reports, 'a.json'), line({ host: 'a' }));
    writeFileSync(join(reports, 'b.jsonl'), lines({ host: 'b' }, { host: 'c' }));
    writeFileSync(join(reports, 'notes.txt'), 'none');
    expect(await runHere(['rollout', reports])).toMatchObject({ status: 0, stderr: '' });
    symlinkSync('/dev/zero', join(reports, 'link.json'));
    spawnSync('mkfifo', [join(reports, 'pipe.json')]);
    const { status, stderr, stdout } = await runHere(['rollout', reports]);
    expect(status).toBe(5);
    expect(stdout).toContain('attached on 3 of 3 hosts');
    expect(stderr).toContain('link.json: no report: ');
    expect(stderr).toContain('pipe.json: no report: it is something else than a file');
  });

  it('is an error where it was named', async () => {
    const { status, stderr } = await runHere(['rollout', join(folder, 'nowhere')]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^ERROR: cannot read \S+nowhere: no such file or directory\n/);
  });
});
