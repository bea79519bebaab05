/** Maps as metrics: over HTTP, and in files for node_exporter. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { answering, sample, samples } from '../support/metrics.ts';
import { needs } from '../support/needs.ts';
import { LOADER, LOADER_ASAN, run } from '../support/run.ts';

const folder = temporaryFolder();
let count = 0;

function objectOf(script: string): string {
  count += 1;
  return writeObject(folder, `metrics${count}`, script);
}

/** Calls of the workload `comm NAME close N`, which close a descriptor that is none. */
const CLOSES = 'tracepoint:syscalls:sys_enter_close /args.fd == 0xfffffff7/';
const PPID = 'tracepoint:syscalls:sys_enter_getppid';

needs('root').describe('Metrics over HTTP', () => {
  it('have the values of the maps, with names, units and labels of comments', async () => {
    const object = objectOf(`
      // bpfscript: metric @calls test_calls_total "Calls of a \\"command\\"." labels command
      // bpfscript: metric @ns test_waits_seconds "Waits." in ns labels command, call
      // bpfscript: metric @last test_last_bytes in KiB
      // bpfscript: metric @most test_most gauge
      ${CLOSES} {
        @calls[comm] = count(); @ns[comm, "close"] = stats((uint64)1500); @last = 3; @most = max(7); @hidden = count();
      }`);
    await answering(object, [], async (loader) => {
      await loader.workload('comm one close 5 comm two close 2');
      const text = await loader.scrape();
      expect(samples(text, 'test_calls_total')).toEqual([
        'test_calls_total{command="one"} 5',
        'test_calls_total{command="two"} 2',
      ]);
      expect(samples(text, 'test_waits_seconds_sum')).toEqual([
        'test_waits_seconds_sum{command="one",call="close"} 0.0000075',
        'test_waits_seconds_sum{command="two",call="close"} 0.000003',
      ]);
      expect(samples(text, 'test_waits_seconds_count')).toEqual([
        'test_waits_seconds_count{command="one",call="close"} 5',
        'test_waits_seconds_count{command="two",call="close"} 2',
      ]);
      expect(sample(text, 'test_last_bytes')).toBe('3072');
      expect(sample(text, 'test_most')).toBe('7');
      expect(text).not.toContain('hidden');
      expect(text).toContain(
        '# HELP test_calls Calls of a \\"command\\".\n# TYPE test_calls counter\n',
      );
      expect(text).toContain(
        '# TYPE test_waits_seconds summary\n# UNIT test_waits_seconds seconds\n',
      );
      expect(text.endsWith('\n# EOF\n')).toBe(true);
    });
  });

  it('have bounds of buckets that hold what the buckets hold', async () => {
    const object = objectOf(`
      // bpfscript: metric @h test_h_seconds in ns buckets 0..8
      // bpfscript: metric @l test_l
      ${CLOSES} { if (comm != "buckets") { return; } $n = (int64)@n % 12 - 1; @n++; @h = hist($n); @l = lhist($n, 2, 8, 2); }`);
    await answering(object, [], async (loader) => {
      await loader.workload('comm buckets close 12');
      const text = await loader.scrape();
      // -1 to 10: up to 0 are -1 and 0.
      expect(samples(text, 'test_h_seconds_bucket')).toEqual([
        'test_h_seconds_bucket{le="0.0"} 2',
        'test_h_seconds_bucket{le="0.000000001"} 3',
        'test_h_seconds_bucket{le="0.000000003"} 5',
        'test_h_seconds_bucket{le="0.000000007"} 9',
        'test_h_seconds_bucket{le="+Inf"} 12',
      ]);
      expect(samples(text, 'test_l_bucket')).toEqual([
        'test_l_bucket{le="1.0"} 3',
        'test_l_bucket{le="3.0"} 5',
        'test_l_bucket{le="5.0"} 7',
        'test_l_bucket{le="7.0"} 9',
        'test_l_bucket{le="+Inf"} 12',
      ]);
      // Nobody knows the sum, so there is none, and no count without it.
      expect(text).not.toMatch(/^test_[hl](_seconds)?_(sum|count)/m);
      const classic = await loader.scrape('classic');
      expect(sample(classic, 'test_l_sum')).toBe('NaN');
      expect(sample(classic, 'test_l_count')).toBe('12');
    });
  });

  it('count on when the script clears its map, zeroes it, or prints it away', async () => {
    const object = objectOf(`
      ${CLOSES} { if (comm != "w") { return; } @a[comm] = count(); @b[comm] = stats((uint64)2); @c = hist(4); @g[comm] = max(args.fd - 0xfffffff0); }
      ${PPID} { print(@a); clear(@a); zero(@b); clear(@c); clear(@g); }`);
    const name = 'bpf_stdin';
    await answering(object, [], async (loader) => {
      await loader.workload('comm w close 4 getppid 1 close 3');
      const text = await loader.scrape();
      expect(sample(text, `${name}_a_total{key="w"}`)).toBe('7');
      expect(sample(text, `${name}_b_sum{key="w"}`)).toBe('14');
      expect(sample(text, `${name}_b_count{key="w"}`)).toBe('7');
      expect(sample(text, `${name}_c_bucket{le="+Inf"}`)).toBe('7');
      // What a gauge's map held when it was emptied.
      expect(sample(text, `${name}_g{key="w"}`)).toBe('7');
      await loader.workload('comm w getppid 1 getppid 1');
      const later = await loader.scrape();
      expect(sample(later, `${name}_a_total{key="w"}`)).toBe('7');
      expect(sample(later, `${name}_c_bucket{le="+Inf"}`)).toBe('7');
      // The last interval had none.
      expect(samples(later, `${name}_g`)).toEqual([]);
    });
  });

  it('never fall while a storm of calls is counted and cleared', async () => {
    const object = objectOf(`${CLOSES} { @a[comm] = count(); } interval:ms:3 { clear(@a); }`);
    await answering(object, [], async (loader) => {
      const storm = loader.workload('comm w close 400000');
      let last = 0;
      for (let i = 0; i < 20; i += 1) {
        const now = Number(sample(await loader.scrape(), 'bpf_stdin_a_total{key="w"}') ?? 0);
        expect(now).toBeGreaterThanOrEqual(last);
        last = now;
      }
      await storm;
      expect(sample(await loader.scrape(), 'bpf_stdin_a_total{key="w"}')).toBe('400000');
    });
  });

  it('cost nothing while nobody asks: no map is read', async () => {
    const object = objectOf(`${CLOSES} { @a[comm] = count(); @b = hist(4); }`);
    const watch = 'tracepoint:syscalls:sys_enter_bpf /pid == $1/ { @calls = count(); }';
    await answering(object, [], async (loader) => {
      const callsWhile = async (use: () => Promise<unknown>) => {
        const { stdout } = await run(`${watch} begin { @calls = count(); }`, {
          parameters: [String(loader.pid)],
          workload: async () => {
            await use();
          },
        });
        // The first is that of begin.
        return Number(/@calls: (\d+)/.exec(stdout)?.[1]) - 1;
      };
      expect(await callsWhile(() => loader.workload('comm w close 20000 sleep 300 close 5'))).toBe(
        0,
      );
      expect(await callsWhile(() => loader.scrape())).toBeGreaterThan(1);
    });
  });

  it('are bounded: what is over is counted, and those that are shown stay', async () => {
    const object = objectOf(`${CLOSES} { @a[comm] = count(); }`);
    await answering(object, ['--max-series', '2'], async (loader) => {
      await loader.workload('comm m close 1 comm p close 1');
      await loader.scrape();
      await loader.workload('comm a close 1 comm z close 1 comm p close 1');
      const text = await loader.scrape();
      expect(samples(text, 'bpf_stdin_a_total')).toEqual([
        'bpf_stdin_a_total{key="m"} 1',
        'bpf_stdin_a_total{key="p"} 2',
      ]);
      expect(samples(text, 'bpfload_metric_series_left_out')).toEqual([
        'bpfload_metric_series_left_out{script="stdin",map="@a"} 2',
      ]);
    });
  });

  it('escape what processes choose, and make one series of keys that look the same', async () => {
    const program = join(folder, 'named.py');
    const names = ['a"\\\nb', 'x\xff', 'x\xfe'];
    writeFileSync(
      program,
      `import ctypes, os\nlibc = ctypes.CDLL(None)\nfor name in [${names.map((name) => `bytes([${[...Buffer.from(name, 'latin1')].join(',')}])`).join(', ')}]:\n  libc.prctl(15, name, 0, 0, 0)\n  libc.close(-7)\n`,
    );
    const object = objectOf(`
      // bpfscript: metric @a test_a_total labels comm
      tracepoint:syscalls:sys_enter_close /args.fd == 0xfffffff9/ { @a[comm] = count(); }`);
    await answering(object, [], async (loader) => {
      execFileSync('python3', [program]);
      const text = await loader.scrape();
      expect(samples(text, 'test_a_total')).toEqual([
        'test_a_total{comm="a\\"\\\\\\nb"} 1',
        'test_a_total{comm="x\ufffd"} 2',
      ]);
    });
  });

  it('tell what the loader lost, which probes are there, and what they cost', async () => {
    const object = objectOf(`config = { missing_probes = "ignore" }
      ${CLOSES} { printf("closed\\n"); @a = count(); }
      tracepoint:syscalls:sys_enter_nothing_such { @n = count(); }`);
    await answering(object, ['--cost'], async (loader) => {
      await loader.workload('close 3');
      const text = await loader.scrape();
      expect(samples(text, 'bpfload_probe_attached')).toEqual([
        'bpfload_probe_attached{script="stdin",probe="tracepoint:syscalls:sys_enter_close"} 1',
        'bpfload_probe_attached{script="stdin",probe="tracepoint:syscalls:sys_enter_nothing_such"} 0',
      ]);
      const runs = sample(
        text,
        'bpfload_probe_runs_total{script="stdin",probe="tracepoint:syscalls:sys_enter_close"}',
      );
      expect(Number(runs)).toBeGreaterThanOrEqual(3);
      expect(sample(text, 'bpfload_lost_events_total{script="stdin",event="printf"}')).toBe('0');
      expect(text).toMatch(/^bpfload_info\{script="stdin",version="[\d.]+",producer="bpfscript /m);
    });
  });

  it('are read by strangers who are slow, send too much, nonsense or nothing, and hurt nobody', async () => {
    const object = objectOf(`${CLOSES} { @a[comm] = count(); }`);
    await answering(object, [], async (loader) => {
      const { port } = new URL(loader.url);
      const silent = Array.from({ length: 40 }, () => connect(Number(port), '127.0.0.1'));
      for (const socket of silent) socket.on('error', () => undefined);
      const slow = connect(Number(port), '127.0.0.1');
      slow.on('error', () => undefined);
      slow.write('GET /metr');
      const tracing = loader.workload('comm w close 1000');
      expect(await talk(port, `GET /${'x'.repeat(9000)}`)).toMatch(/^HTTP\/1.1 431 /);
      expect(await talk(port, `GET /metrics HTTP/1.1\r\n${'a: b\r\n'.repeat(2000)}`)).toMatch(
        /^HTTP\/1.1 431 /,
      );
      expect(await talk(port, '\x00\xff\xfe nonsense\n')).toMatch(/^HTTP\/1.1 400 /);
      expect(await talk(port, '\x16\x03\x01\x02\x00\x01\x00\n\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
      expect(await talk(port, 'POST /metrics HTTP/1.1\r\n\r\n')).toMatch(
        /^HTTP\/1.1 405 [\s\S]*\r\nAllow: GET, HEAD\r\n/,
      );
      expect(await talk(port, 'GET /etc/passwd HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 404 /);
      expect(await talk(port, 'GET /healthz HTTP/1.1\r\n\r\n')).toMatch(/\r\n\r\nok\n$/);
      expect(await talk(port, 'HEAD /metrics HTTP/1.1\r\n\r\n')).toMatch(
        /^HTTP\/1.1 200 [\s\S]*\r\n\r\n$/,
      );
      await tracing;
      expect(sample(await loader.scrape(), 'bpf_stdin_a_total{key="w"}')).toBe('1000');
      for (const socket of [...silent, slow]) socket.destroy();
      // All of their descriptors are given back.
      for (let i = 0; i < 50; i += 1) await talk(port, 'GET / HTTP/1.1\r\n\r\n');
      expect(readdirSync(`/proc/${loader.pid}/fd`).length).toBeLessThan(40);
    });
  });

  it('stand at an address that is one, and that is free', () => {
    const object = objectOf(`${CLOSES} { @a = count(); }`);
    const loads = (address: string) =>
      spawnSync(LOADER, ['--metrics', address, '--dry-run', object], { encoding: 'utf8' });
    for (const wrong of [
      'localhost:80',
      '1.2.3.4',
      '127.0.0.1:',
      '127.0.0.1:65536',
      '::1:80',
      '[::1]',
      ':-1',
    ])
      expect(loads(wrong)).toMatchObject({
        status: 2,
        stderr: `ERROR: --metrics takes ADDRESS:PORT, such as 127.0.0.1:9435, or a PORT, not ${wrong}.\n`,
      });
    for (const right of ['0', ':0', '127.0.0.1:0', '[::]:0', '0.0.0.0:0'])
      expect(loads(right)).toMatchObject({ status: 0, stderr: '' });
    expect(loads('192.0.2.1:80').status).toBe(1);
    expect(loads('192.0.2.1:80').stderr).toContain('cannot listen at 192.0.2.1:80');
  });

  it('have names that can be told apart', async () => {
    const { stderr, status } = await run(`${CLOSES} { @a = count(); @a_total = 1; }`, {
      flags: ['-f', 'openmetrics'],
    });
    expect(status).toBe(5);
    expect(stderr).toContain(
      'the metrics of @a and @a_total are bpf_stdin_a and bpf_stdin_a_total, which cannot be told apart.',
    );
  });
});

/** What comes back on a connection until it is closed. */
function talk(port: string, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
    socket.write(Buffer.from(request, 'latin1'));
  });
}

needs('root').describe('A file of metrics', () => {
  it('takes the place of the one before as a whole, and is there at the end', async () => {
    const file = join(folder, 'whole.prom');
    const result = await run(
      `${CLOSES} { @a[comm] = count(); @text = "x"; } interval:ms:20 { print(@a); clear(@a); }`,
      {
        loader: LOADER_ASAN,
        flags: ['-f', 'prometheus', '-o', file],
        workload: 'comm w close 100 sleep 1200 close 20',
      },
    );
    const text = readFileSync(file, 'utf8');
    expect(result).toMatchObject({ status: 0, stdout: '' });
    expect(sample(text, 'bpf_stdin_a_total{key="w"}')).toBe('120');
    expect(text).toContain('# TYPE bpf_stdin_a_total counter\n');
    expect(text).not.toContain('# EOF');
    expect(readdirSync(folder).filter((name) => name.includes('whole'))).toEqual(['whole.prom']);
  });

  it('is no file but the output where none is named, and other output is an aside', async () => {
    const { stdout, stderr, status } = await run(
      `${CLOSES} { printf("hello\\n"); @a[comm] = count(); }`,
      { loader: LOADER_ASAN, flags: ['-q', '-f', 'openmetrics'], workload: 'comm w close 1' },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: 'hello\n' });
    expect(stdout).toMatch(/^bpf_stdin_a_total\{key="w"\} 1$/m);
    expect(stdout.endsWith('\n# EOF\n')).toBe(true);
  });

  it('is refused before tracing begins where it cannot be written', async () => {
    const { stderr, status } = await run(`${CLOSES} { @a = count(); }`, {
      flags: ['-f', 'prometheus', '-o', join(folder, 'no', 'such.prom')],
    });
    expect(status).toBe(1);
    expect(stderr).toContain('cannot write');
    expect(stderr).toContain('such.prom: No such file or directory');
  });
});
