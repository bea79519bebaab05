/** Signed objects, and hosts that run no others: what signs, what verifies, and what /etc/bpfload/policy allows. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DIGEST_SECTION, DIGEST_SIZE } from '../../../linker/digest.ts';
import { readElf } from '../../../linker/elf/read.ts';
import { readSignature } from '../../../linker/signature.ts';
import { build, temporaryFolder } from '../../support/build.ts';
import { bpfscript } from '../../support/command.ts';
import { needs } from '../../support/needs.ts';
import { HANGS_MS, HANGS_SECONDS } from '../../support/patience.ts';
import { LOADER_ASAN } from '../../support/run.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);

function command(...args: readonly string[]): string {
  const { stdout, stderr, status } = bpfscript(args);
  return status === 0 ? stdout : `${status} ${stderr}`;
}

function object(name: string, script = 'begin { printf("ran\\n"); exit(); }'): string {
  writeFileSync(at(name), build(script, { unsafe: true }));
  return at(name);
}

/** A script's object, signed. */
function signed(name: string, key: string, ...options: readonly string[]): string {
  const file = object(name);
  expect(command('sign', file, '--key', at(key), ...options)).toBe('');
  return file;
}

function key(name: string, ...options: readonly string[]): string {
  const said = command('keygen', at(name), ...options);
  return /key (\w{16})\n$/.exec(said)?.[1] ?? said;
}

function load(...args: readonly string[]): {
  readonly text: string;
  readonly status: number | null;
} {
  const { stdout, stderr, status } = spawnSync(LOADER_ASAN, ['-q', ...args], {
    encoding: 'latin1',
    timeout: HANGS_MS,
  });
  return { text: (stdout + stderr).replaceAll(`${folder}/`, '').trim(), status };
}

const own = key('own');
const other = key('other');

describe('keygen', () => {
  it('writes what openssl reads, for the owner alone, and nothing over what is there', () => {
    expect(own).toMatch(/^[0-9a-f]{16}$/);
    expect(statSync(at('own.key')).mode & 0o777).toBe(0o600);
    const read = spawnSync('openssl', ['pkey', '-pubin', '-in', at('own.pub'), '-noout', '-text']);
    expect(read.stdout.toString()).toMatch(/^ED25519 Public-Key/);
    expect(key('own')).toContain('own.key: it is there already');
    expect(key('odd', '--not-after', 'soon')).toContain("--not-after: 'soon' is no time");
  });
});

describe('a signature', () => {
  it('is in the object, and belongs to one key', () => {
    const file = signed('one.o', 'own.key');
    expect(command('verify', file, '--key', at('own.pub'))).toBe(
      `${file}: signed with key ${own}\n`,
    );
    expect(command('verify', file, '--key', at('other.pub'))).toBe(
      `5 ERROR: ${file}: it is signed with key ${own}, and not with ${other}\n`,
    );
    expect(command('inspect', file)).toMatch(
      new RegExp(`digest +valid\\nsignature +valid, with key ${own}\\n`),
    );
    expect(command('verify', object('plain.o'), '--key', at('own.pub'))).toContain(
      'it is not signed',
    );
  });

  it('can be made anew, and stand beside the object', () => {
    const file = signed('again.o', 'own.key');
    const size = statSync(file).size;
    expect(command('sign', file, '--key', at('other.key'), '--not-after', '2099-01-01')).toBe('');
    expect(statSync(file).size).toBe(size);
    expect(command('verify', file, '--key', at('other.pub'))).toContain(
      `key ${other}, until 2099-01-01T23:59:59Z`,
    );
    const apart = object('apart.o');
    const before = readFileSync(apart);
    expect(command('sign', apart, '--key', at('own.key'), '--detached')).toBe('');
    expect(readFileSync(apart)).toEqual(before);
    expect(command('verify', apart, '--key', at('own.pub'))).toContain(`key ${own}`);
    expect(command('sign', at('own.pub'), '--key', at('own.key'))).toContain('is not an object');
    expect(command('sign', apart, '--key', at('own.pub'))).toContain('own.pub is no key');
  });

  it('covers every byte but those of the digest, which covers it', () => {
    const bytes = readFileSync(signed('bytes.o', 'own.key'));
    const sum = readElf(bytes).sections.find(({ name }) => name === DIGEST_SECTION)?.data;
    const start = (sum?.byteOffset ?? 0) - bytes.byteOffset;
    expect(readSignature(bytes)?.valid).toBe(true);
    const believed: number[] = [];
    for (let place = 0; place < bytes.length; place += 7) {
      const changed = Buffer.from(bytes);
      changed[place] = (changed[place] ?? 0) ^ 1;
      try {
        if (readSignature(changed)?.valid) believed.push(place);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
    expect(believed.every((place) => place >= start && place < start + DIGEST_SIZE)).toBe(true);
  });
});

needs('root').describe('--verify', () => {
  it('runs what one of the keys has signed', () => {
    expect(load('--verify', at('own.pub'), signed('run.o', 'own.key'))).toEqual({
      text: 'ran',
      status: 0,
    });
    expect(load('--verify', folder, at('run.o')).text).toBe('ran');
    const apart = object('beside.o');
    command('sign', apart, '--key', at('own.key'), '--detached');
    expect(load('--verify', at('own.pub'), apart).text).toBe('ran');
    expect(load('--check', '--verify', at('other.pub'), at('run.o')).status).toBe(5);
  });

  it('refuses every other in one line', () => {
    const refused = (file: string, pub = 'own.pub') => {
      const { text, status } = load('--verify', at(pub), file);
      expect(status).toBe(5);
      return text;
    };
    expect(refused(object('none.o'))).toBe(
      'ERROR: none.o: it is not signed, and only signed objects run here',
    );
    expect(refused(signed('wrong.o', 'other.key'))).toBe(
      `ERROR: wrong.o: it is signed with key ${other}, which is not in own.pub`,
    );
    expect(refused(signed('old.o', 'own.key', '--not-after', '2020-01-31'))).toBe(
      'ERROR: old.o: its signature does not count after 2020-01-31T23:59:59Z',
    );
    const late = key('late', '--not-after', '2020-01-31T12:00:00Z');
    expect(refused(signed('late.o', 'late.key'), 'late.pub')).toBe(
      `ERROR: late.o: key ${late} does not count after 2020-01-31T12:00:00Z`,
    );
    writeFileSync(at('cut.o'), readFileSync(at('run.o')).subarray(0, -9));
    expect(refused(at('cut.o'))).toMatch(/^ERROR: cut\.o: the object is damaged: /);
    object('moved.o', 'begin { exit(); }');
    copyFileSync(at('beside.o.sig'), at('moved.o.sig'));
    expect(refused(at('moved.o'))).toBe(
      'ERROR: moved.o: its signature does not belong to its bytes',
    );
    writeFileSync(at('moved.o.sig'), 'x');
    expect(refused(at('moved.o'))).toBe('ERROR: moved.o: its signature is damaged');
    writeFileSync(at('no.pub.txt'), 'x');
    expect(load('--verify', at('no.pub.txt'), at('run.o'))).toEqual({
      text: 'ERROR: run.o: no.pub.txt is no key: it has no PUBLIC KEY',
      status: 2,
    });
  });
});

/** Runs an object on a host whose /etc/bpfload is as `prepare` leaves it. */
function under(policy: string, file: string, flags = '', prepare = ''): string {
  writeFileSync(at('policy'), policy);
  const script = `mount -t tmpfs -o mode=755 none /etc && mkdir -p /etc/bpfload/keys &&
    cp ${at('policy')} /etc/bpfload/policy && chmod 644 /etc/bpfload/policy &&
    cp ${at('own.pub')} /etc/bpfload/keys/ && { ${prepare || 'true'}; } && timeout ${HANGS_SECONDS} ${LOADER_ASAN} -q ${flags} ${file}`;
  const { stdout, stderr, status } = spawnSync('unshare', ['-m', 'sh', '-c', script], {
    encoding: 'latin1',
  });
  return `${status} ${(stdout + stderr).replaceAll(`${folder}/`, '')}`.trim();
}

needs('root').describe('/etc/bpfload/policy', () => {
  it('wants signatures of its keys', () => {
    const policy = '# ours\nsignature required\n';
    expect(under(policy, signed('ours.o', 'own.key'))).toBe('0 ran');
    expect(under(policy, object('any.o'))).toBe(
      '5 ERROR: any.o: it is not signed, and only signed objects run here',
    );
    expect(under(policy, signed('theirs.o', 'other.key'))).toBe(
      `5 ERROR: theirs.o: it is signed with key ${other}, which is not in /etc/bpfload/keys`,
    );
    // --verify with another key does not make it less.
    expect(under(policy, at('theirs.o'), `--verify ${at('other.pub')}`)).toMatch(/^5 /);
    expect(under('signature optional\nkeys /etc/none\n', at('any.o'))).toBe('0 ran');
  });

  it('says which probes may be attached, by what they stand on', () => {
    const policy = 'probes tracepoint:sched:*\nprobes interval:*\n';
    expect(under(policy, object('ok.o', 'interval:ms:10 { printf("ran\\n"); exit(); }'))).toBe(
      '0 ran',
    );
    expect(
      under(policy, object('sw.o', 'tracepoint:sched:sched_sw* { exit(); }'), '--dry-run'),
    ).toBe('0');
    expect(under(policy, object('sys.o', 'tracepoint:syscalls:sys_enter_read { exit(); }'))).toBe(
      '5 ERROR: tracepoint:syscalls:sys_enter_read is no probe that /etc/bpfload/policy allows',
    );
    expect(under(policy, object('all.o', 'tracepoint:s*:sched_switch { exit(); }'))).toMatch(
      /^5 ERROR: tracepoint:s\*:sched_switch is no probe/,
    );
    expect(
      under(
        policy,
        object(
          'par.o',
          'tracepoint:syscalls:sys_enter_read { exit(); } interval:ms:10 { exit(); }',
        ),
      ),
    ).toMatch(/^5 /);
  });

  it('forbids what options allow', () => {
    const run = object('run.o', 'begin { system("echo ran"); exit(); }');
    expect(under('run no\n', run, '--unsafe')).toBe(
      '5 ERROR: run.o: the script runs commands (echo ran), which /etc/bpfload/policy does not allow',
    );
    expect(under('unsafe no\n', run, '--allow-run')).toBe('0 ran');
    const kill = object('kill.o', 'uprobe:/bin/true:main { signal("KILL"); }');
    expect(under('unsafe no\n', kill, '--unsafe')).toMatch(/^5 .*sends signals/);
    const cat = object('cat.o', 'begin { cat("/etc/bpfload/policy"); exit(); }');
    expect(under('read no\n', cat)).toMatch(/^5 .*reads files \(\/etc\/bpfload\/policy\)/);
    expect(under('read yes\n', cat)).toBe('0 read yes');
    const pin = object('pin.o', 'iter:task:/sys/fs/bpf/bpfscript-policy { printf("x"); }');
    expect(under('write no\n', pin, '--unsafe')).toMatch(/^5 .*pins iterators/);
    expect(under('write /var\n', pin, '--unsafe')).toMatch(/^5 .*pins iterators/);
    expect(under('write /sys/fs/bpf\n', pin, '--unsafe --dry-run')).toBe('0');
  });

  it("takes the right to other users' names away", () => {
    const names = object(
      'names.o',
      'profile:hz:99 { @[ustack(1)] = count(); } interval:ms:200 { exit(); }',
    );
    expect(under('names-of-others no\n', names, '-v')).toContain('Holds no capabilities');
    expect(under('names-of-others yes\n', names, '-v')).toContain('CAP_SYS_PTRACE');
    expect(under('names-of-others no\n', names, '--keep-privileges')).toMatch(/^5 /);
  });

  it('holds tracing to what it may take, whatever options say', () => {
    const file = object('held.o');
    expect(under('max-memory 64K\n', file, '--max-memory 1G')).toMatch(
      /^1 ERROR: Tracing holds .* more than --max-memory 64K/,
    );
    expect(under('max-memory 1G\n', file)).toBe('0 ran');
    expect(under('max-memory 1G\n', file, '--max-memory 64K')).toMatch(/^1 .*64K/);
    expect(under('max-overhead 0\n', file)).toContain('a percentage of one CPU above 0');
    const busy = object(
      'busy.o',
      'tracepoint:raw_syscalls:sys_enter { @ = count(); } interval:s:8 { exit(); }',
    );
    expect(under('max-overhead 0.000001\n', busy, '--on-overhead warn')).toMatch(
      /WARNING: Tracing takes [\s\S]*is detached/,
    );
  });

  it('is believed only where root alone could write it, and where every line makes sense', () => {
    const file = object('line.o');
    const fault = (policy: string) => under(policy, file);
    expect(fault('signature required\nmax-speed 2\n')).toBe(
      "5 /etc/bpfload/policy:2: ERROR: there is no 'max-speed'",
    );
    expect(fault('signature maybe\n')).toContain("required or optional, not 'maybe'");
    expect(fault('run\n')).toContain("'run' has no value");
    expect(fault('run no\nrun yes\n')).toContain("'run' is there twice");
    expect(fault('write somewhere\n')).toContain('absolute path');
    const after = (prepare: string) => under('signature optional\n', file, '', prepare);
    expect(after('chmod 664 /etc/bpfload/policy')).toBe(
      '5 ERROR: /etc/bpfload/policy can be written by others than root',
    );
    expect(after('chown 65534 /etc/bpfload/policy')).toBe(
      '5 ERROR: /etc/bpfload/policy belongs to user 65534, and not to root',
    );
    expect(after('chmod 777 /etc/bpfload')).toMatch(/^5 ERROR: \/etc\/bpfload can be written/);
    expect(
      after('mv /etc/bpfload/policy /etc/real && ln -s /etc/real /etc/bpfload/policy'),
    ).toMatch(/^5 ERROR: cannot read \/etc\/bpfload\/policy: Too many levels of symbolic links/);
    expect(after('rm /etc/bpfload/policy')).toBe('0 ran');
    expect(
      under(
        'signature required\n',
        signed('mode.o', 'own.key'),
        '',
        'chmod 666 /etc/bpfload/keys/own.pub',
      ),
    ).toBe('5 ERROR: mode.o: /etc/bpfload/keys/own.pub can be written by others than root');
  });
});
