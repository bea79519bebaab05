/** Boots a kernel in qemu, from memory alone, and has the loader try objects there: nothing of this machine is touched. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ArchiveEntry, writeArchive } from './archive.ts';
import { hasKvm } from './kvm.ts';

/** What keeps a guest from being started, or from telling anything. The message is for users. */
export class GuestError extends Error {
  override readonly name = 'GuestError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

export interface GuestOptions {
  /** A file: bzImage of x86-64, Image of arm64. */
  readonly image: Uint8Array;
  /** `bpfload` and `guest-init` of an architecture. */
  readonly programs: (arch: string) => { readonly loader: string; readonly init: string };
  readonly objects: readonly Uint8Array[];
  /** Files that programs of the objects attach to. */
  readonly files: readonly ArchiveEntry[];
  /** A folder for what qemu reads and writes. */
  readonly work: string;
  /** Whether the hardware's help is tried first; where it is not given, this machine is asked. */
  readonly kvm?: boolean;
}

/** What the loader said of one object. */
export interface LoadResult {
  readonly status: number;
  readonly said: string;
}

export interface GuestResult {
  readonly release: string;
  readonly arch: string;
  readonly results: readonly LoadResult[];
}

interface Machine {
  readonly qemu: string;
  readonly debian: string;
  readonly flags: readonly string[];
  /** Where the kernel's own messages and the results go. */
  readonly append: string;
}

const chardev = (id: string, path: string): readonly string[] => [
  '-chardev',
  `file,id=${id},path=${path}`,
];

/** la57 off keeps the guest on four-level page tables; "max" has a source of random numbers, which 5.10 waits for. */
const MACHINES: Readonly<Record<string, Machine>> = {
  x86_64: {
    qemu: 'qemu-system-x86_64',
    debian: 'qemu-system-x86',
    flags: [
      ...['-M', 'pc', '-cpu', 'max,-la57'],
      ...['-device', 'isa-serial,chardev=con,index=0', '-device', 'isa-serial,chardev=out,index=1'],
    ],
    append: 'console=ttyS0 RESULTS=/dev/ttyS1 no_timer_check',
  },
  aarch64: {
    qemu: 'qemu-system-aarch64',
    debian: 'qemu-system-arm',
    flags: [
      ...['-M', 'virt,gic-version=3', '-cpu', 'cortex-a57', '-serial', 'chardev:con'],
      ...['-device', 'pci-serial,chardev=out'],
    ],
    append: 'console=ttyAMA0 RESULTS=/dev/ttyS0',
  },
};

/** What takes an emulated kernel a third of its boot: tests of its ciphers, and keys that are for what guests never do. */
const UNNEEDED = [
  'crypto_kdf108_init',
  'init_encrypted',
  'jent_mod_init',
  'load_system_certificate_list',
];
const COMMON = `panic=-1 quiet mitigations=off nokaslr random.trust_cpu=on nowatchdog audit=0 rdinit=/init cryptomgr.notests initcall_blacklist=${UNNEEDED.join()}`;
/** With the hardware's help a guest boots in two. */
const KVM_SECONDS = 20;
/** A boot takes 3 s, without the hardware's help and on a busy machine a minute. */
const BOOT_SECONDS = 180;
const OBJECT_SECONDS = 30;
const MEGABYTE = 2 ** 20;

/** Throws GuestError. */
export function bootGuest(options: GuestOptions): GuestResult {
  const { image, work, objects } = options;
  const arch = architectureOf(image);
  const machine = MACHINES[arch];
  if (!machine) throw new GuestError(`guests of ${arch} are not supported`);
  const { loader, init } = options.programs(arch);
  const archive = writeArchive([
    { path: 'init', data: program(init), executable: true },
    { path: 'bpfload', data: program(loader), executable: true },
    ...objects.map((data, index) => ({ path: `objects/${index}.o`, data })),
    ...options.files,
  ]);
  const [kernel, initrd, out, con] = ['kernel', 'initrd', 'out', 'con'].map((name) =>
    join(work, name),
  ) as [string, string, string, string];
  writeFileSync(kernel, image);
  writeFileSync(initrd, archive);
  // The archive and what is unpacked of it are there at once for a while.
  const memory = Math.max(512, 320 + Math.ceil((3 * archive.length) / MEGABYTE));
  const seconds = BOOT_SECONDS + OBJECT_SECONDS * objects.length;
  const attempt = (accelerator: string, limit: number) =>
    spawnSync(
      machine.qemu,
      [
        ...['-accel', accelerator],
        ...['-m', String(memory), '-smp', '1', '-display', 'none', '-nodefaults'],
        ...['-no-user-config', '-no-reboot', '-kernel', kernel, '-initrd', initrd],
        ...chardev('con', con),
        ...chardev('out', out),
        ...machine.flags,
        ...['-append', `${machine.append} ${COMMON}`],
      ],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 1000 * limit,
        killSignal: 'SIGKILL',
      },
    );
  const complete = (): GuestResult | undefined => {
    const result = parseResults(textOf(out));
    return result?.results.length === objects.length ? { ...result, arch } : undefined;
  };
  // In a virtual machine KVM may be there and stop at an instruction that it cannot emulate.
  if (options.kvm ?? hasKvm(arch)) {
    attempt('kvm', Math.min(seconds, KVM_SECONDS + objects.length));
    const result = complete();
    if (result) return result;
  }
  const emulate = () => attempt('tcg,thread=multi', seconds);
  let run = emulate();
  // Emulated processors may run code that a kernel changes as it boots (jump_label) half old and half new, and then it
  // panics: one that ended before its first program has another try.
  if (run.status === 0 && textOf(out) === '') run = emulate();
  const { error } = run as { readonly error?: NodeJS.ErrnoException };
  if (error?.code === 'ENOENT')
    throw new GuestError(
      `${machine.qemu} is not installed`,
      `On Debian it is in the package ${machine.debian}`,
    );
  const result = complete();
  if (result) return result;
  const why = error?.code === 'ETIMEDOUT' ? 'took too long' : 'ended before it had said all';
  const last = [...lines(textOf(con)), ...lines(run.stderr ?? '')].slice(-8).join('\n');
  throw new GuestError(
    `the guest ${why}${last === '' ? '' : `; the last that was heard:\n${last}`}`,
  );
}

/** A bzImage says HdrS at 0x202, an Image of arm64 ARM\x64 at 0x38 (their headers in Documentation/arch). */
function architectureOf(image: Uint8Array): string {
  const at = (offset: number) => Buffer.from(image.subarray(offset, offset + 4)).toString('latin1');
  if (at(0x202) === 'HdrS') return 'x86_64';
  if (at(0x38) === 'ARM\x64') return 'aarch64';
  // qemu unpacks it by itself, and Debian's of x86-64 are no gzip files.
  if (image[0] === 0x1f && image[1] === 0x8b) return 'aarch64';
  throw new GuestError('it is neither a bzImage of x86-64 nor an Image of arm64');
}

function program(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw new GuestError(
      `${path} is not built`,
      '`npm run build`, or `npm run loader:arm64`, builds it',
    );
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function lines(text: string): readonly string[] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== '');
}

/** What guest/init.c writes; undefined where it did not come to its end. */
function parseResults(
  text: string,
): { readonly release: string; readonly results: readonly LoadResult[] } | undefined {
  const [head = '', release] = /^kernel (\S+)\n/.exec(text) ?? [];
  if (release === undefined) return undefined;
  const results: LoadResult[] = [];
  let at = head.length;
  for (;;) {
    const end = text.indexOf('\n', at);
    if (end === -1) return undefined;
    const line = text.slice(at, end);
    if (line === 'end') return { release, results };
    const [, number, status, length] = /^object (\d+) (\d+) (\d+)$/.exec(line) ?? [];
    if (Number(number) !== results.length) return undefined;
    const said = text.slice(end + 1, end + 1 + Number(length));
    results.push({ status: Number(status), said: Buffer.from(said, 'latin1').toString('utf8') });
    at = end + 1 + Number(length);
  }
}
