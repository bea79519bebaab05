/** `bpfload list` on other kernels: of their own files, copied out of the guest, the compiler makes the same lists. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect } from 'vitest';
import { describeKernel } from '../../compiler/kernel/description.ts';
import { hostSources } from '../../compiler/kernel/host.ts';
import { listProbes } from '../../compiler/listing/listing.ts';
import { temporaryFolder } from '../support/build.ts';
import { boot, bootable } from '../support/guest.ts';
import { SUPPORTED } from '../support/guest-scripts.ts';
import { hasKernel } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { LOADER } from '../support/run.ts';

const CACHE = join(import.meta.dirname, '../../.cache/kernels');

/** In the order that they need each other in; some are built into kernels. */
const MODULES = ['dummy', 'scsi_common', 'scsi_mod', 'sd_mod'];

const NAMES = [
  ...['*:*', 'kretprobe:vfs_*', 'kprobe:*:*read', 'kprobe:dummy:*', 'kprobe:vmlinux:vfs_*'],
  ...['fentry:*:dummy_*', 'rt:*:*_exec', 'sched_switch', '*:dummy_xmit', 'struct s*'],
];
const WITH_ARGUMENTS = [
  ...['tracepoint:sched:*', 't:syscalls:sys_enter_[mr]*', 't:net:*,t:*exec*', 'fexit:vfs_*'],
  ...['fentry:dummy:*', 'fexit:dummy:*', 'rt:*', 'iter:*', 'struct t*', 'union b*', 'enum *'],
];
const SEARCHES = [
  ...NAMES.map((search) => ({ search, verbose: false })),
  ...WITH_ARGUMENTS.map((search) => ({ search, verbose: true })),
];

/** The kernel's files; those of tracefs do not say how long they are. */
const COPIES = [
  'tar -cz -C /sys/kernel btf',
  'gzip -c /sys/kernel/tracing/available_filter_functions',
  'find /sys/kernel/tracing/events -name format | xargs awk \'FNR == 1 { print "== " FILENAME } { print }\' | gzip -c',
];

/** What the guest prints for each command, packed. */
async function inGuest(
  series: string,
  folder: string,
  commands: readonly string[],
): Promise<readonly Buffer[]> {
  const payload = join(folder, 'payload');
  mkdirSync(payload, { recursive: true });
  copyFileSync(LOADER, join(payload, 'bpfload'));
  chmodSync(join(payload, 'bpfload'), 0o755);
  const modules = join(CACHE, series, 'modules');
  for (const file of existsSync(modules) ? readdirSync(modules) : [])
    if (MODULES.includes(file.replace('.ko', '')))
      copyFileSync(join(modules, file), join(payload, file));
  const load = `for each in ${MODULES.join(' ')}; do [ ! -e /$each.ko ] || insmod /$each.ko; done 2>/dev/null; true`;
  const batch = join(folder, 'batch');
  writeFileSync(batch, [load, ...commands].map((command) => `${command}\n`).join(''));
  const results = join(folder, 'results');
  const log = await boot([
    ...['-b', batch, '-o', results, '-m', '512'],
    ...[bootable(series), payload],
  ]);
  return commands.map((_command, index) => {
    const file = join(results, `${index + 2}.out`);
    if (!existsSync(file)) throw new Error(`the ${series} guest did not list:\n${log}`);
    return readFileSync(file);
  });
}

/** A kernel as its copied files describe it, as if it were the running one. */
function kernelOf(folder: string, copies: readonly Buffer[]) {
  const [types = '', functions = '', formats = ''] = copies;
  const tracing = join(folder, 'tracing');
  mkdirSync(tracing, { recursive: true });
  execFileSync('tar', ['-xz', '-C', folder], { input: types });
  writeFileSync(join(tracing, 'available_filter_functions'), gunzipSync(functions));
  for (const part of gunzipSync(formats)
    .toString()
    .split(/^== \/sys\/kernel\/tracing\//m)) {
    const [file = '', ...lines] = part.split('\n');
    if (file === '') continue;
    mkdirSync(join(tracing, dirname(file)), { recursive: true });
    writeFileSync(join(tracing, file), lines.join('\n'));
  }
  const sources = hostSources({
    release: 'copied',
    arch: 'x86_64',
    btf: join(folder, 'btf/vmlinux'),
    modules: join(folder, 'btf'),
    tracing: [tracing],
    syscalls: [],
  });
  // Types of modules that one search brings in are none of the next.
  return () => describeKernel(sources);
}

describe.each(SUPPORTED)('On Linux %s', (series) => {
  const listed = new Map<string, string>();
  const expected = new Map<string, string>();

  beforeAll(async () => {
    if (!hasKernel(series)) return;
    const folder = temporaryFolder();
    const lists = SEARCHES.map(
      ({ search, verbose }) => `/bpfload list ${verbose ? '-v' : ''} '${search}' | gzip -c`,
    );
    const copies = await inGuest(series, folder, [...COPIES, ...lists]);
    const kernel = kernelOf(folder, copies);
    for (const [index, { search, verbose }] of SEARCHES.entries()) {
      listed.set(search, gunzipSync(copies[COPIES.length + index] ?? '').toString());
      expected.set(search, listProbes({ search, kernel: kernel(), live: true, verbose }).text);
    }
  }, 600_000);

  const { it } = needs(`modules of Linux ${series}`);

  it.each(SEARCHES)('lists are those of the compiler: $search', ({ search }) => {
    const lines = expected.get(search)?.split('\n') ?? [];
    expect(listed.get(search)?.split('\n')).toEqual(lines);
  });

  it('lists have functions of modules, with what those are called with', () => {
    expect(listed.get('*:*')?.split('\n').length).toBeGreaterThan(10_000);
    expect(listed.get('kprobe:dummy:*')).toContain('kprobe:dummy:dummy_xmit\n');
    expect(listed.get('fentry:*:dummy_*')).toContain('fentry:dummy:dummy_xmit\n');
    expect(listed.get('*:dummy_xmit')).toBe('kprobe:dummy_xmit\n');
    expect(listed.get('fexit:dummy:*')).toContain(
      'fexit:dummy:dummy_xmit\n    struct sk_buff * skb\n    struct net_device * dev\n    netdev_tx_t retval\n',
    );
  });
});
