/** Keys and signatures on the command line. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { formatTime } from '../../../compiler/cli/keys.ts';
import { readSignature } from '../../../linker/signature.ts';
import { temporaryFolder, writeObject } from '../../support/build.ts';
import { runHere } from '../../support/command-here.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const object = (name: string): string => writeObject(folder, name, 'begin { exit(); }');
const signed = (...words: readonly string[]) => runHere(words, { cwd: folder });
const DONE = { stdout: '', stderr: '', status: 0 };

const keys = async (name: string, ...words: readonly string[]): Promise<string> => {
  const made = await signed('keygen', name, ...words);
  const [, id = ''] =
    new RegExp(`^${name}\\.key, ${name}\\.pub: key (\\S+)\n$`).exec(made.stdout) ?? [];
  expect([made.stderr, made.status, id.length > 8]).toEqual(['', 0, true]);
  return id;
};

it('A pair of keys is one: the private one for its owner alone, the public one for all', async () => {
  await keys('pair');
  expect([statSync(at('pair.key')).mode & 0o777, statSync(at('pair.pub')).mode & 0o777]).toEqual([
    ...[0o600, 0o644],
  ]);
  const own = createPublicKey(createPrivateKey(readFileSync(at('pair.key'))));
  const form = { format: 'pem', type: 'spki' } as const;
  expect(own.export(form)).toBe(readFileSync(at('pair.pub'), 'utf8'));
});

it('Keys that are there are left alone, and no half of a pair stays', async () => {
  await keys('there');
  const before = readFileSync(at('there.key'), 'utf8');
  expect(await signed('keygen', 'there')).toEqual({
    ...{ stdout: '', status: 1 },
    stderr: 'ERROR: cannot write there.key: it is there already\n',
  });
  expect(readFileSync(at('there.key'), 'utf8')).toBe(before);
  writeFileSync(at('half.pub'), 'somebody');
  expect((await signed('keygen', 'half')).stderr).toBe(
    'ERROR: cannot write half.pub: it is there already\n',
  );
  expect([existsSync(at('half.key')), readFileSync(at('half.pub'), 'utf8')]).toEqual([
    ...[false, 'somebody'],
  ]);
  expect((await signed('keygen', 'no/where')).stderr).toBe(
    'ERROR: cannot write no/where.key: no such file or directory\n',
  );
  expect((await signed('keygen', 'late', '--not-after', 'then')).status).toBe(2);
  expect(existsSync(at('late.key'))).toBe(false);
});

it('An object is signed in its place, elsewhere, or in a file beside it', async () => {
  const id = await keys('own');
  const [place, elsewhere, beside] = [object('place'), object('elsewhere'), object('beside')];
  const bare = readFileSync(place);
  expect(await signed('sign', place, '--key', 'own.key')).toEqual(DONE);
  expect(await signed('sign', elsewhere, '--key', 'own.key', '-o', 'signed.o')).toEqual(DONE);
  expect(readFileSync(elsewhere).equals(bare)).toBe(true);
  expect(await signed('sign', beside, '--key', 'own.key', '--detached')).toEqual(DONE);
  expect(readFileSync(beside).equals(bare)).toBe(true);
  expect(existsSync(`${beside}.sig`)).toBe(true);
  expect(await signed('sign', beside, '--key', 'own.key', '--detached', '-o', 'other.sig')).toEqual(
    DONE,
  );
  for (const file of [place, 'signed.o', beside])
    expect(await signed('verify', file, '--key', 'own.pub')).toEqual({
      ...{ stderr: '', status: 0 },
      stdout: `${file}: signed with key ${id}\n`,
    });
  expect(
    (await signed('verify', elsewhere, '--key', 'own.pub', '--signature', 'other.sig')).status,
  ).toBe(0);
  expect(readSignature(readFileSync(place))?.notAfter).toBeUndefined();
});

it('What a signature does not belong to, or what does not count any more, is refused with status 5', async () => {
  const [id, other] = [await keys('first'), await keys('second')];
  await keys('ended', '--not-after', '2020-01-01');
  await keys('lasting', '--not-after', '2999-01-01');
  const refused = async (file: string, key: string, ...words: readonly string[]) => {
    const { stdout, stderr, status } = await signed('verify', file, '--key', key, ...words);
    expect([stdout, status]).toEqual(['', 5]);
    return stderr.replace(`ERROR: ${file}: `, '').trimEnd();
  };
  const bare = object('bare');
  expect(await refused(bare, 'first.pub')).toBe('it is not signed');
  const file = object('file');
  await signed('sign', file, '--key', 'first.key');
  expect(await refused(file, 'second.pub')).toBe(
    `it is signed with key ${id}, and not with ${other}`,
  );
  // A signature of another object.
  await signed('sign', file, '--key', 'first.key', '--detached', '-o', 'file.sig');
  writeFileSync(`${bare}.sig`, readFileSync(at('file.sig')));
  const larger = writeObject(folder, 'larger', 'begin { printf("more"); exit(); }');
  expect(await refused(larger, 'first.pub', '--signature', 'file.sig')).toBe(
    'its signature does not belong to its bytes',
  );
  await signed('sign', file, '--key', 'ended.key');
  expect(await refused(file, 'ended.pub')).toMatch(
    /^key \S+ does not count after 2020-01-01T23:59:59Z$/,
  );
  await signed('sign', file, '--key', 'first.key', '--not-after', '2020-01-02T00:00:00Z');
  expect(await refused(file, 'first.pub')).toBe(
    'its signature does not count after 2020-01-02T00:00:00Z',
  );
  const soon = Math.floor(Date.now() / 1000) + 3600;
  await signed('sign', file, '--key', 'lasting.key', '--not-after', formatTime(soon));
  expect((await signed('verify', file, '--key', 'lasting.pub')).stdout).toMatch(
    new RegExp(`: signed with key \\S+, until ${formatTime(soon)}\n$`),
  );
});

it('What cannot be read, and what is no object, says which file it is', async () => {
  await keys('reads');
  writeFileSync(at('text.o'), 'text');
  writeFileSync(at('text.o.sig'), 'text');
  const said = async (...words: readonly string[]) => {
    const { stderr, status } = await signed(...words);
    return [stderr.split('\n')[0]?.replace('ERROR: ', ''), status];
  };
  expect(await said('sign', 'text.o', '--key', 'reads.key')).toEqual([
    expect.stringMatching(/^text\.o is not an object of bpfscript: /),
    5,
  ]);
  expect(await said('verify', 'text.o', '--key', 'reads.pub')).toEqual([
    expect.stringMatching(/^text\.o is not an object of bpfscript: /),
    5,
  ]);
  const file = object('unsigned');
  expect(await said('verify', file, '--key', 'reads.pub', '--signature', 'missing')).toEqual([
    ...['cannot read missing: no such file or directory', 1],
  ]);
  expect(await said('verify', file, '--key', 'missing.pub')).toEqual([
    ...['cannot read missing.pub: no such file or directory', 1],
  ]);
});
