/** What commands are made of, by calls: words, times, files that are read and written, rules of make. */
import { generateKeyPairSync } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { arrangeRun } from '../../../compiler/cli/arguments.ts';
import {
  createDependencies,
  dependencyRule,
  withLongNames,
} from '../../../compiler/cli/dependencies.ts';
import { reasonOf, UserError } from '../../../compiler/cli/errors.ts';
import { ingredientsOf } from '../../../compiler/cli/ingredients.ts';
import { noObject, readInput } from '../../../compiler/cli/input.ts';
import {
  formatTime,
  OF_COSIGN,
  parseTime,
  readPrivateKey,
  readPublicKey,
} from '../../../compiler/cli/keys.ts';
import { besideCaller, writeWhole } from '../../../compiler/cli/output.ts';
import {
  collect,
  debugFolders,
  hasErrors,
  readPid,
  readScript,
  shown,
} from '../../../compiler/cli/script.ts';
import { readStages } from '../../../compiler/cli/stages.ts';
import { compileText, temporaryFolder } from '../../support/build.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

/** What the user is told, and the status. */
function refused(run: () => unknown): readonly [string, number, string | undefined] {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return [error.message, error.status, error.hint];
    throw error;
  }
  throw new Error('it was not refused');
}

describe('Words of run', () => {
  const options = [
    new Option('-q, --quiet', ''),
    new Option('-v', ''),
    new Option('-o, --output <file>', ''),
    new Option('-e <program>', ''),
    new Option('--until <time>', ''),
  ];
  it.each([
    ['tool.bt', '-- tool.bt'],
    ['-q tool.bt -v', '-q -v -- tool.bt'],
    ['tool.bt -o out 5', '-o out -- tool.bt 5'],
    ['-qo out tool.bt', '-qo out -- tool.bt'],
    ['-qoout tool.bt a', '-qoout -- tool.bt a'],
    ['--output=x tool.bt', '--output=x -- tool.bt'],
    ['--output x tool.bt', '--output x -- tool.bt'],
    ['--until --quiet tool.bt', '--until --quiet -- tool.bt'],
    ['-e text -5 x', '-e text -- -5 x'],
    ['-qetext --name', '-qetext -- --name'],
    ['tool.bt --name=1 --name -h -12', '-- tool.bt --name=1 --name --help -12'],
    ['-h tool.bt', '-h -- tool.bt'],
    ['--unknown tool.bt', '--unknown -- tool.bt'],
    ['-x tool.bt', '-x -- tool.bt'],
    ['- -q', '-q -- -'],
    ['tool.bt -- -q --', '-- tool.bt -q --'],
    ['tool.bt -o', '-o -- tool.bt'],
    ['-- -q', '-- -q'],
  ])('%s becomes %s', (words, expected) => {
    expect(arrangeRun(options, words.split(' ')).join(' ')).toBe(expected);
  });

  it('behind the script that are no options are refused', () => {
    for (const word of ['-x', '-qx', '-q=1'])
      expect(refused(() => arrangeRun(options, ['tool.bt', word]))).toEqual([
        `unknown option ${word}`,
        2,
        'A parameter of the script that begins with - stands behind --',
      ]);
  });
});

describe('A time', () => {
  it('is all of a day, or a second of it', () => {
    expect(parseTime('2027-12-31', 'x')).toBe(Date.UTC(2027, 11, 31, 23, 59, 59) / 1000);
    expect(parseTime('2027-12-31T12:00:01Z', 'x')).toBe(Date.UTC(2027, 11, 31, 12, 0, 1) / 1000);
    expect(parseTime('1970-01-01T00:00:01Z', 'x')).toBe(1);
    expect(formatTime(1)).toBe('1970-01-01T00:00:01Z');
  });

  it.each([
    ...['', '2027', '2027-13-01', '2027-12-31T12:00:00', '2027-12-31 12:00:00Z', ' 2027-12-31'],
    ...[
      '1970-01-01T00:00:00Z',
      '1969-12-31',
      '02027-12-31',
      '2027-12-311',
      '2027-12-31T12:00:00ZZ',
    ],
  ])('is not %j', (text) => {
    expect(refused(() => parseTime(text, 'here'))).toEqual([
      `here: '${text}' is no time: 2027-12-31, or 2027-12-31T12:00:00Z`,
      2,
      undefined,
    ]);
  });
});

describe('A key file', () => {
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  const spki = { type: 'spki', format: 'pem' } as const;
  const ed25519 = generateKeyPairSync('ed25519');
  const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  writeFileSync(at('own.key'), ed25519.privateKey.export(pem));
  writeFileSync(at('own.pub'), ed25519.publicKey.export(spki));
  writeFileSync(at('until.pub'), `not-after: 2027-12-31\n${ed25519.publicKey.export(spki)}`);
  writeFileSync(at('p256.key'), p256.privateKey.export(pem));

  it('is of ed25519, or for cosign of P-256', () => {
    expect(readPrivateKey(at('own.key')).asymmetricKeyType).toBe('ed25519');
    expect(readPublicKey(at('own.pub')).notAfter).toBeUndefined();
    expect(readPublicKey(at('until.pub')).notAfter).toBe(parseTime('2027-12-31', ''));
    expect(readPrivateKey(at('p256.key'), OF_COSIGN).type).toBe('private');
    expect(refused(() => readPrivateKey(at('p256.key')))).toEqual([
      `${at('p256.key')} is a key of P-256, and not of ed25519`,
      2,
      undefined,
    ]);
  });

  it('of another kind is refused, as is what is none', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    writeFileSync(at('p384.key'), other.privateKey.export(pem));
    expect(refused(() => readPrivateKey(at('p384.key'), OF_COSIGN))[0]).toBe(
      `${at('p384.key')} is a key of secp384r1, and not of ed25519 or P-256`,
    );
    writeFileSync(at('no.key'), 'text');
    const [message, status] = refused(() => readPublicKey(at('no.key')));
    expect(message).toMatch(/no\.key is no key: ./);
    expect(status).toBe(2);
  });
});

describe('A file that is read', () => {
  it('is whole, in pieces of any size', () => {
    for (const size of [0, 1, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1]) {
      const data = Buffer.alloc(size, 'abc');
      writeFileSync(at('input'), data);
      expect(Buffer.compare(readInput(at('input')), data), String(size)).toBe(0);
    }
  });

  it('that is not there, or has no end, is refused', () => {
    expect(refused(() => readInput(at('missing')))).toEqual([
      `cannot read ${at('missing')}: no such file or directory`,
      1,
      undefined,
    ]);
    expect(refused(() => readInput(folder))[0]).toBe(`cannot read ${folder}: it is a directory`);
    expect(refused(() => readInput('/dev/zero'))[0]).toBe(
      'cannot read /dev/zero: it has more than 64 MiB',
    );
    const { message, status } = noObject('x.o', new Error('it is cut'));
    expect([message, status]).toEqual(['x.o is not an object of bpfscript: it is cut', 5]);
  });

  it('is a script by its path, or text', () => {
    writeFileSync(at('x.bt'), 'begin { }');
    expect(readScript(at('x.bt'), {})).toEqual({
      ...{ name: at('x.bt'), text: 'begin { }', path: at('x.bt') },
    });
    expect(readScript('ignored', { e: 'end { }' })).toEqual({ name: 'stdin', text: 'end { }' });
    expect(refused(() => readScript(undefined, {}))).toEqual([
      "USAGE: filename or -e 'program' required.",
      2,
      'bpfscript --help shows examples',
    ]);
    expect(refused(() => readScript(at('missing.bt'), {}))[0]).toBe(
      `cannot read the script ${at('missing.bt')}: no such file or directory`,
    );
  });
});

describe('A reason', () => {
  it('is in words where it has a code that is known, and the message of others', () => {
    const withCode = (code: string) => Object.assign(new Error('raw'), { code });
    expect(
      ['ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR', 'ENOSPC', 'EROFS', 'EIO'].map((code) =>
        reasonOf(withCode(code)),
      ),
    ).toEqual([
      ...['no such file or directory', 'permission denied', 'it is a directory'],
      ...['a part of the path is not a directory', 'no space left on the device'],
      ...['the file system is read-only', 'raw'],
    ]);
    expect(reasonOf(new Error('plain'))).toBe('plain');
    expect(reasonOf('thrown')).toBe('thrown');
  });
});

describe('A file that is written', () => {
  const written = at('written');
  mkdirSync(written);
  const path = join(written, 'out');

  it('is there as a whole, with its mode, and nothing is left beside it', () => {
    writeWhole(path, 'first, longer');
    writeWhole(path, Buffer.from('second'));
    expect(readFileSync(path, 'utf8')).toBe('second');
    writeWhole(path, 'third', 0o600);
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['third', 0o600]);
    writeWhole(path, '');
    expect(readFileSync(path, 'utf8')).toBe('');
    expect(readdirSync(written)).toEqual(['out']);
  });

  it('that cannot be is refused, and nothing is left beside it', () => {
    expect(refused(() => writeWhole(join(written, 'no/out'), 'x'))).toEqual([
      `cannot write ${join(written, 'no/out')}: no such file or directory`,
      1,
      undefined,
    ]);
    expect(refused(() => writeWhole(written, 'x'))[0]).toBe(
      `cannot write ${written}: it is a directory`,
    );
    expect(readdirSync(written)).toEqual(['out']);
  });

  it('that is a device stays one', () => {
    symlinkSync('/dev/null', join(written, 'null'));
    writeWhole(join(written, 'null'), 'x');
    expect(statSync(join(written, 'null')).isCharacterDevice()).toBe(true);
  });

  it('stands beside the caller by the name of the script', () => {
    expect(besideCaller('/a/b/tool.bt', 'object', '.o')).toBe('tool.o');
    expect(besideCaller('x.bt.txt', 'object', '.o')).toBe('x.bt.txt.o');
    for (const file of [undefined, '-'])
      expect(refused(() => besideCaller(file, 'object', '.o'))).toEqual([
        'where should the object go? Name it with -o FILE.',
        2,
        undefined,
      ]);
  });
});

describe('Dependencies', () => {
  it('are a rule in which names are marked as make reads them', () => {
    expect(dependencyRule('a b.o', ['x#y.bt', 'c$d'])).toBe(
      'a\\ b.o: \\\n  x\\#y.bt \\\n  c$$d\n\nx\\#y.bt:\n\nc$$d:\n',
    );
  });

  it('are scripts, descriptions and what is noted, each once', () => {
    const some = createDependencies(['a.bt'], ['host', at('k.kernel')]);
    for (const path of ['./x.h', 'x.h', 'a.bt', 'y/../z.h']) some.note(path);
    expect(some.files()).toEqual(['a.bt', at('k.kernel'), 'x.h', 'z.h']);
    expect(some.descriptions()).toEqual([at('k.kernel')]);
    expect(createDependencies([], ['host']).files()).toEqual([]);
    expect(createDependencies([], []).files()).toEqual([expect.stringMatching(/\.kernel$/)]);
  });

  it('have long names up to --', () => {
    expect(withLongNames(['-MD', '-MF', 'x', '--', '-MD'])).toEqual([
      ...['--dependencies', '--dependency-file', 'x', '--', '-MD'],
    ]);
    expect(withLongNames(['-MD', '-M'])).toEqual(['--dependencies', '-M']);
  });

  it('are ingredients by what they were read for', () => {
    const elf = (machine: number): Buffer => {
      const bytes = Buffer.alloc(64);
      bytes.write('\u007fELF', 'latin1');
      bytes[18] = machine;
      return bytes;
    };
    writeFileSync(at('bpf.o'), elf(247));
    writeFileSync(at('tool'), elf(62));
    writeFileSync(at('own.h'), 'text');
    writeFileSync(at('k.kernel'), elf(247));
    const compilation = compileText('begin { exit(); }');
    const files = ['bpf.o', 'tool', 'own.h', 'k.kernel'].map(at);
    const all = ingredientsOf(compilation, files, [at('k.kernel')]);
    expect(all.slice(0, 4).map(({ name, use }) => [name, use])).toEqual([
      ['bpf.o', 'linked'],
      ['tool', 'looked at'],
      ['own.h', 'compiled'],
      ['k.kernel', 'looked at'],
    ]);
    expect(all.filter(({ name }) => name === 'stdin')).toHaveLength(1);
    const names = all.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    expect(refused(() => ingredientsOf(compilation, [at('missing')], []))[0]).toMatch(
      /^cannot read .*: no such file/,
    );
  });
});

describe('Options', () => {
  it('of a process are its number', () => {
    expect([readPid('1'), readPid('4194304')]).toEqual([1, 4_194_304]);
    for (const text of ['0', '4194305', '', '-1', '1x', '1.5', '0x10', ' 1'])
      expect(refused(() => readPid(text)).slice(0, 2)).toEqual([
        `-p takes a process id from 1 to 4194304, not ${text}`,
        2,
      ]);
  });

  it('may be lists', () => {
    expect(debugFolders({ debuginfo: '/a::/b:' })).toEqual(['/a', '/b']);
    expect(debugFolders({})).toEqual([]);
    expect(collect('b', collect('a'))).toEqual(['a', 'b']);
  });

  it('of stages are told apart by who shows them, in their own order', () => {
    expect(readStages(['verifier,dis', 'ast'])).toEqual({
      compiler: ['ast', 'dis'],
      loader: ['verifier'],
    });
    expect(readStages(['all'])).toEqual({
      compiler: ['parse', 'ast', 'types', 'codegen', 'codegen-opt', 'dis'],
      loader: ['libbpf', 'verifier'],
    });
    expect(readStages([])).toEqual({ compiler: [], loader: [] });
    expect(refused(() => readStages(['toString']))[0]).toBe("unknown stage 'toString' of -d");
  });

  it('choose which diagnostics are shown, in the order of the text', () => {
    type Reported = Parameters<typeof shown>[0]['diagnostics'][number];
    const of = (severity: string, code: string, start?: number) =>
      ({ severity, code, range: start === undefined ? undefined : { start } }) as Reported;
    const diagnostics = [of('warning', 'a'), of('error', 'b', 9), of('warning', 'c', 3)];
    const codes = (options: object) =>
      shown({ diagnostics }, { warnings: true, ...options } as never).map(({ code }) => code);
    expect(codes({})).toEqual(['c', 'b', 'a']);
    expect(codes({ allow: ['c', 'b'] })).toEqual(['b', 'a']);
    expect(codes({ warnings: false })).toEqual(['b']);
    expect(hasErrors({ diagnostics })).toBe(true);
    expect(hasErrors({ diagnostics: [of('warning', 'a')] })).toBe(false);
  });
});
