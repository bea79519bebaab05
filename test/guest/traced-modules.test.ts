/** Modules that people trace: events with the fields, and functions with the types, that their own BTF has. */
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { mapEntries, mapValue } from '../support/expect.ts';
import { isBefore } from '../support/guest.ts';
import { type GuestScript, SUPPORTED, scriptsInGuest } from '../support/guest-scripts.ts';
import { isHere } from '../support/machine.ts';
import { needs } from '../support/needs.ts';

const CACHE = join(import.meta.dirname, '../../.cache/kernels');
/** Of another kernel than most of those that the objects run on, with these modules. */
const kernel = join(CACHE, '6.12/description');

/** What a module needs is loaded before it; kernels have some of it built in. */
const load = (...modules: readonly string[]): string =>
  `$(for each in ${modules.join(' ')}; do [ -d /sys/module/$each ] || insmod /$each.ko; done 2>/dev/null)`;
const DISK = load('scsi_common', 'scsi_mod', 'sd_mod', 'scsi_debug');
/** Until the disk of scsi_debug is there; then 64 blocks of it are read past the page cache. */
const READ = `while ! [ -b /dev/sda ]; do usleep 50000; done
dd if=/dev/sda of=/dev/null bs=4096 count=64 iflag=direct 2>/dev/null
`;

const SCRIPTS = {
  scsi: {
    text: `tracepoint:scsi:scsi_dispatch_cmd_start /args.opcode == 0x28/ { @started[args.opcode] = count(); @blocks = sum(args.data_sglen > 0); }
      tracepoint:scsi:scsi_dispatch_cmd_done /args.opcode == 0x28/ { @results[args.result] = count(); }`,
    kernel,
    flags: DISK,
    script: READ,
  },
  command: {
    text: `fentry:scsi_mod:scsi_done /args.cmd.cmnd[0] == 0x28/ {
        @[str(args.cmd.device.vendor, 8), args.cmd.device.host.max_lun > 0] = count(); @bytes = sum(args.cmd.sdb.length); }`,
    kernel,
    flags: DISK,
    script: READ,
  },
  xfs: {
    text: `fentry:xfs:xfs_readsb { @[str(args.mp.m_super.s_id), args.flags] = count(); }
      fentry:xfs:xfs_readsb { print(args.mp.m_resv.tr_write); $all = args.mp.m_resv; print($all.tr_itruncate.tr_logcount); }
      tracepoint:xfs:xfs_buf_init /comm == "mount"/ { @buffers[args.nblks] = count(); }`,
    kernel,
    flags: `${DISK} ${load('libcrc32c', 'xfs')}`,
    script: `${READ}mkdir /mnt\nmount -t xfs /dev/sda /mnt 2>/dev/null || true\n`,
  },
  netfilter: {
    text: `fexit:nf_tables:nf_tables_init_net { @[retval, args.net.ns.inum > 0] = count(); }
      kprobe:nf_tables:nf_tables_init_net { @made[((struct net *)arg0).ns.inum > 0] = count(); }`,
    kernel,
    flags: load('nfnetlink', 'libcrc32c', 'nf_tables'),
    script: 'for i in 1 2 3; do unshare -n true; done\n',
  },
} as const satisfies Readonly<Record<string, GuestScript>>;

describe.each(SUPPORTED)('On Linux %s', (series) => {
  const modules = join(CACHE, series, 'modules');
  const of = scriptsInGuest(series, SCRIPTS, {
    when: isHere(`modules of Linux ${series}`) && existsSync(kernel),
    prepare(folder) {
      mkdirSync(join(folder, 'payload'), { recursive: true });
      for (const module of readdirSync(modules))
        copyFileSync(join(modules, module), join(folder, 'payload', module));
    },
  });
  const test = needs('Linux 6.12', `modules of Linux ${series}`).it;

  test('events of scsi_mod tell the commands of a disk', () => {
    const { stdout, stderr } = of('scsi');
    // READ(10), once for each block.
    expect(mapValue(stdout, '@started', '40'), stderr).toBe(64);
    expect(mapValue(stdout, '@blocks')).toBe(64);
    expect(mapEntries(stdout, '@results')).toEqual([['0', 64]]);
  });

  test('a function of scsi_mod leads to the structs of the disk', () => {
    const { stdout, stderr } = of('command');
    // The vendor's name moved into the struct.
    if (!isBefore(series, '7.2')) {
      expect(stderr).toContain(
        ':2: ERROR: vendor of struct scsi_device is an array of 9 on this kernel, and the script was built for a pointer to char.',
      );
      expect(mapEntries(stdout, '@')).toEqual([]);
      return;
    }
    expect(mapEntries(stdout, '@'), stderr).toEqual([['Linux  , true', 64]]);
    expect(mapValue(stdout, '@bytes')).toBe(64 * 4096);
  });

  test('types that only xfs has, and its events, tell what is mounted', () => {
    const { stdout, stderr } = of('xfs');
    // Copied whole, and larger there.
    if (!isBefore(series, '6.18')) {
      expect(stderr).toMatch(/^stdin:2: ERROR: struct xfs_trans_resv has \d+ bytes on this kernel/);
      expect(stdout).toBe('');
      return;
    }
    // XFS_MFSI_QUIET: mount tries.
    expect(mapEntries(stdout, '@'), stderr).toEqual([['sda, 64', 1]]);
    expect(mapEntries(stdout, '@buffers')).toEqual([['1', 1]]);
    // It is not filled in yet.
    expect(stdout).toMatch(/^{ \.tr_logres = 0, \.tr_logcount = 0, \.tr_logflags = 0 }\n0\n/m);
  });

  test('functions of nf_tables are seen as namespaces are made', () => {
    const { stdout, stderr } = of('netfilter');
    expect(mapEntries(stdout, '@'), stderr).toEqual([['0, true', 3]]);
  });
});
