/** How a guest is started and what is read of it, with a program in the place of qemu that says what it was given. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { bootGuest, GuestError, type GuestResult } from '../../../compiler/guest/guest.ts';
import { temporaryFolder } from '../../support/build.ts';

const folder = temporaryFolder();
const SYSTEMS = { x86_64: 'qemu-system-x86_64', aarch64: 'qemu-system-aarch64' };

function image(offset: number, text: string): Uint8Array {
  const bytes = Buffer.alloc(0x300);
  bytes.write(text, offset, 'latin1');
  return bytes;
}
const X86 = image(0x202, 'HdrS');
const ARM = image(0x38, 'ARM\x64');

writeFileSync(join(folder, 'loader'), 'the loader');
writeFileSync(join(folder, 'init'), 'the init');

interface Machine {
  readonly image?: Uint8Array;
  readonly objects?: readonly Uint8Array[];
  readonly files?: readonly { readonly path: string; readonly data: Uint8Array }[];
  readonly programs?: () => { readonly loader: string; readonly init: string };
  readonly kvm?: boolean;
}

/** What was asked of it. */
interface Boot {
  readonly work: string;
  /** Arguments of each start. */
  readonly starts: () => readonly (readonly string[])[];
  readonly run: () => GuestResult;
}

/** `script` stands where qemu would: `$out` is where results go, `$con` where the kernel speaks, `$accel` its accelerator. */
function machine(script: string, options: Machine = {}): Boot {
  const work = mkdtempSync(join(folder, 'work-'));
  const programs = join(work, 'bin');
  mkdirSync(programs);
  const text = `#!/bin/sh
accel=$2
for each in "$@"; do
  printf '%s\\n' "$each" >> "${work}/started"
  case "$each" in
    file,id=out,path=*) out=\${each#file,id=out,path=} ;;
    file,id=con,path=*) con=\${each#file,id=con,path=} ;;
  esac
done
echo >> "${work}/started"
${script}
`;
  for (const name of Object.values(SYSTEMS)) {
    writeFileSync(join(programs, name), text);
    chmodSync(join(programs, name), 0o755);
  }
  const run = (): GuestResult => {
    vi.stubEnv('PATH', `${programs}${delimiter}${process.env.PATH ?? ''}`);
    try {
      return bootGuest({
        image: X86,
        programs: () => ({ loader: join(folder, 'loader'), init: join(folder, 'init') }),
        objects: [Buffer.from('object')],
        files: [],
        work,
        kvm: false,
        ...options,
      });
    } finally {
      vi.unstubAllEnvs();
    }
  };
  const starts = (): readonly (readonly string[])[] =>
    readFileSync(join(work, 'started'), 'utf8')
      .split('\n\n')
      .filter((each) => each !== '')
      .map((each) => each.split('\n'));
  return { work, starts, run };
}

/** A script that writes this as the guest's results. */
const telling = (results: string): string => `printf '${results}' > "$out"`;
const GOOD = telling('kernel 6.12.1\\nobject 0 0 3\\nyesend\\n');

function refused(run: () => unknown): GuestError {
  try {
    run();
  } catch (error) {
    if (error instanceof GuestError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

/** The value behind a flag. */
function behind(flag: string, args: readonly string[] = []): string {
  return args[args.indexOf(flag) + 1] ?? '';
}

describe('A guest', () => {
  it('tells its release, and what the loader said of each object in UTF-8', () => {
    const { run } = machine(
      telling('kernel 6.12.1-a+\\nobject 0 0 0\\nobject 1 3 9\\nend\\nno \\303\\244end\\n'),
      { objects: [Buffer.from('a'), Buffer.from('b')] },
    );
    expect(run()).toEqual({
      release: '6.12.1-a+',
      arch: 'x86_64',
      results: [
        { status: 0, said: '' },
        { status: 3, said: 'end\nno ä' },
      ],
    });
  });

  it('of no objects tells its release alone', () => {
    expect(machine(telling('kernel 5.10.0\\nend\\n'), { objects: [] }).run()).toEqual({
      release: '5.10.0',
      arch: 'x86_64',
      results: [],
    });
  });

  it('has the loader, what it begins with, the objects and the traced files in its memory', () => {
    const { run, work } = machine(telling('kernel 6.1.0\\nobject 0 0 0\\nobject 1 0 0\\nend\\n'), {
      objects: [Buffer.from('first'), Buffer.from('second')],
      files: [{ path: 'usr/bin/tool', data: Buffer.from('traced') }],
    });
    run();
    const unpacked = join(work, 'unpacked');
    mkdirSync(unpacked);
    execFileSync('cpio', ['-i', '--quiet', '--no-absolute-filenames'], {
      cwd: unpacked,
      input: readFileSync(join(work, 'initrd')),
    });
    const contents = (path: string): string => readFileSync(join(unpacked, path), 'utf8');
    expect(['init', 'bpfload', 'objects/0.o', 'objects/1.o', 'usr/bin/tool'].map(contents)).toEqual(
      ['the init', 'the loader', 'first', 'second', 'traced'],
    );
    const programs = execFileSync('find', [
      unpacked,
      '-type',
      'f',
      '-perm',
      '-100',
      '-printf',
      '%f\n',
    ]);
    expect(programs.toString().trim().split('\n').sort()).toEqual(['bpfload', 'init']);
    expect(readFileSync(join(work, 'kernel'))).toEqual(X86);
  });

  it('of x86-64 speaks to two serial ports, and leaves no window, disk or network', () => {
    const { run, starts, work } = machine(GOOD);
    run();
    expect(starts()).toHaveLength(1);
    const [args = []] = starts();
    expect(args.slice(0, -2)).toEqual([
      ...[
        '-accel',
        'tcg,thread=multi',
        '-m',
        '512',
        '-smp',
        '1',
        '-display',
        'none',
        '-nodefaults',
      ],
      ...['-no-user-config', '-no-reboot'],
      ...['-kernel', join(work, 'kernel'), '-initrd', join(work, 'initrd')],
      ...['-chardev', `file,id=con,path=${work}/con`, '-chardev', `file,id=out,path=${work}/out`],
      ...['-M', 'pc', '-cpu', 'max,-la57'],
      ...['-device', 'isa-serial,chardev=con,index=0', '-device', 'isa-serial,chardev=out,index=1'],
    ]);
    const append = behind('-append', args).split(' ');
    expect(append.slice(0, 2)).toEqual(['console=ttyS0', 'RESULTS=/dev/ttyS1']);
    // A panic ends it, and the loader's own file comes first.
    expect(append).toEqual(expect.arrayContaining(['panic=-1', 'rdinit=/init', 'quiet']));
    const [unneeded = ''] = append.filter((each) => each.startsWith('initcall_blacklist='));
    expect(unneeded).toMatch(/^initcall_blacklist=(\w+,){3}\w+$/);
  });

  it.each([
    ['an Image', ARM],
    ['one that gzip packed', Buffer.from([0x1f, 0x8b, 8, 0])],
  ])('of arm64 has its own machine: %s', (_, kernel) => {
    const { run, starts } = machine(GOOD, { image: kernel });
    expect(run().arch).toBe('aarch64');
    const [args = []] = starts();
    expect(args.slice(args.indexOf('-M'), -2)).toEqual([
      ...['-M', 'virt,gic-version=3', '-cpu', 'cortex-a57', '-serial', 'chardev:con'],
      ...['-device', 'pci-serial,chardev=out'],
    ]);
    expect(behind('-append', args)).toMatch(/^console=ttyAMA0 RESULTS=\/dev\/ttyS0 panic=-1 /);
  });

  it('gets memory for its files, packed and unpacked', () => {
    // Below 64 MiB it is 512 all the same; a little more than 65, since the archive has other files too.
    const files = [{ path: 'large', data: Buffer.alloc(65 * 2 ** 20) }];
    const { run, starts } = machine(GOOD, { files });
    run();
    expect(Number(behind('-m', starts()[0]))).toBe(320 + 3 * 65 + 1);
  });

  it('has the programs of its architecture', () => {
    const asked: string[] = [];
    const programs = (arch?: string) => {
      asked.push(arch ?? '');
      return { loader: join(folder, 'loader'), init: join(folder, 'init') };
    };
    machine(GOOD, { programs }).run();
    machine(GOOD, { programs, image: ARM }).run();
    expect(asked).toEqual(['x86_64', 'aarch64']);
  });
});

describe('The help of hardware', () => {
  it('is tried first, and is enough where the guest says all', () => {
    const { run, starts } = machine(GOOD, { kvm: true });
    expect(run().results).toEqual([{ status: 0, said: 'yes' }]);
    expect(starts().map((args) => behind('-accel', args))).toEqual(['kvm']);
  });

  it('is done without where the guest stops early', () => {
    const { run, starts } = machine(
      `case $accel in kvm) ${telling('kernel 6.12.1\\nobject 0 0 9\\ncut')} ;; *) ${GOOD} ;; esac`,
      { kvm: true },
    );
    expect(run().results).toEqual([{ status: 0, said: 'yes' }]);
    expect(starts().map((args) => behind('-accel', args))).toEqual(['kvm', 'tcg,thread=multi']);
  });

  it('is not tried where it is not there', () => {
    const { run, starts } = machine(GOOD);
    run();
    expect(starts().map((args) => behind('-accel', args))).toEqual(['tcg,thread=multi']);
  });
});

describe('A kernel that ends before its first program', () => {
  /** Says this at each start, one after the other, and nothing behind the last. */
  const saying = (...each: readonly string[]): string =>
    `n=$(grep -c '^-accel$' "$(dirname "$out")/started"); : > "$out"; case $n in ${each
      .map((results, index) => `${index + 1}) ${results === '' ? ':' : telling(results)} ;; `)
      .join('')} esac`;
  const good = 'kernel 6.12.1\\nobject 0 0 3\\nyesend\\n';

  it('is booted once more', () => {
    const { run, starts } = machine(saying('', good));
    expect(run().results).toEqual([{ status: 0, said: 'yes' }]);
    expect(starts()).toHaveLength(2);
  });

  it('and no third time', () => {
    const { run, starts } = machine(saying('', '', good));
    expect(refused(run).message).toBe('the guest ended before it had said all');
    expect(starts()).toHaveLength(2);
  });

  it('is no matter of one that began, or that qemu refused', () => {
    for (const script of [saying('kernel 6.12.1\\n', good), 'exit 1']) {
      const { run, starts } = machine(script);
      expect(refused(run).message).toBe('the guest ended before it had said all');
      expect(starts()).toHaveLength(1);
    }
  });
});

describe('A guest is refused', () => {
  it.each([
    ['says nothing', ''],
    ['begins with something else', 'noise\\nkernel 6.1.0\\nobject 0 0 0\\nend\\n'],
    ['has no release', 'kernel \\nobject 0 0 0\\nend\\n'],
    ['does not end', 'kernel 6.1.0\\nobject 0 0 3\\nyes'],
    ['ends within its last line', 'kernel 6.1.0\\nobject 0 0 0\\nend'],
    ['leaves an object out', 'kernel 6.1.0\\nend\\n'],
    ['has an object too many', 'kernel 6.1.0\\nobject 0 0 0\\nobject 1 0 0\\nend\\n'],
    ['numbers them otherwise', 'kernel 6.1.0\\nobject 1 0 0\\nend\\n'],
    ['says something between', 'kernel 6.1.0\\n[ 1.0] oops\\nobject 0 0 0\\nend\\n'],
    ['says something behind a length', 'kernel 6.1.0\\nobject 0 0 0 1\\nend\\n'],
    ['says something before an object', 'kernel 6.1.0\\nan object 0 0 0\\nend\\n'],
  ])('that %s', (_, results) => {
    const { message, hint, name } = refused(machine(results === '' ? ':' : telling(results)).run);
    expect({ message, hint, name }).toEqual({
      message: 'the guest ended before it had said all',
      hint: undefined,
      name: 'GuestError',
    });
  });

  it('with the last that was heard of its kernel and of qemu, without empty lines', () => {
    const { run } = machine(
      `: > "$con"; for line in 1 2 3 4 5 6 7 8; do printf "line $line\\r\\n \\r\\n" >> "$con"; done; echo why >&2`,
    );
    expect(refused(run).message).toBe(
      `the guest ended before it had said all; the last that was heard:\n${[2, 3, 4, 5, 6, 7, 8]
        .map((each) => `line ${each}\n`)
        .join('')}why`,
    );
  });

  it('where its image is of no architecture', () => {
    for (const bytes of [
      image(0x201, 'HdrS'),
      image(0x202, 'HdrT'),
      image(0x39, 'ARM\x64'),
      image(0, '\x1f'),
      image(1, '\x8b'),
      Buffer.alloc(0),
    ]) {
      const { run, work } = machine(GOOD, { image: bytes });
      expect(refused(run).message).toBe('it is neither a bzImage of x86-64 nor an Image of arm64');
      expect(() => readFileSync(join(work, 'started'))).toThrow('ENOENT');
    }
  });

  it('where a program is not built', () => {
    const { message, hint } = refused(
      machine(GOOD, { programs: () => ({ loader: '/no/loader', init: join(folder, 'init') }) }).run,
    );
    expect([message, hint]).toEqual([
      '/no/loader is not built',
      '`npm run build`, or `npm run loader:arm64`, builds it',
    ]);
  });

  it.each([
    ['x86_64', X86, 'qemu-system-x86'],
    ['aarch64', ARM, 'qemu-system-arm'],
  ] as const)('where qemu of %s is not installed', (arch, kernel, debian) => {
    const work = mkdtempSync(join(folder, 'work-'));
    vi.stubEnv('PATH', work);
    const { message, hint } = refused(() =>
      bootGuest({
        image: kernel,
        programs: () => ({ loader: join(folder, 'loader'), init: join(folder, 'init') }),
        objects: [],
        files: [],
        work,
      }),
    );
    vi.unstubAllEnvs();
    expect([message, hint]).toEqual([
      `${SYSTEMS[arch]} is not installed`,
      `On Debian it is in the package ${debian}`,
    ]);
  });
});
