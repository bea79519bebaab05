/** Files that paths and bare names mean: in folders of PATH, of libraries, below other roots, by patterns. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it as test, vi } from 'vitest';
import { findBinaries, mappedBinaries } from '../../../compiler/binary/paths.ts';
import { temporaryFolder } from '../../support/build.ts';
import { needs } from '../../support/needs.ts';
import { HANGS_MS } from '../../support/patience.ts';

let folder = '';
const path = (name: string): string => join(folder, name);

function put(name: string, mode = 0o755): string {
  const made = path(name);
  mkdirSync(join(made, '..'), { recursive: true });
  writeFileSync(made, name);
  chmodSync(made, mode);
  return made;
}

const found = (name: string, pid?: number): readonly string[] =>
  findBinaries(name, pid).map((file) => file.path);
/** Relative to the folder. */
const matched = (pattern: string): readonly string[] =>
  found(path(pattern)).map((each) => each.slice(folder.length + 1));

/** Each in a folder of its own, which is made by the test itself: it may be run again. */
const it = (title: string, run: () => unknown): void =>
  test(title, () => {
    folder = temporaryFolder();
    vi.stubEnv('PATH', `${path('first')}:${path('second')}`);
    return run();
  });

describe('a path', () => {
  it('is that of the file, as it is written', () => {
    const file = put('a');
    expect(findBinaries(file)).toEqual([{ path: file, shown: file }]);
    expect(found(path('missing'))).toEqual([]);
  });

  it('is none of a folder', () => {
    mkdirSync(path('a'));
    expect(found(path('a'))).toEqual([]);
  });

  it('may lead through links', () => {
    put('real/a');
    symlinkSync('real', path('link'));
    expect(matched('link/a')).toEqual(['link/a']);
  });

  it('need not be executable', () => {
    expect(found(put('library', 0o644))).toHaveLength(1);
  });
});

describe('a path below the root of a process', () => {
  const below = (name: string): string => `/proc/self/root${path(name)}`;

  it('is read there, and shown as it is written', () => {
    put('a');
    expect(findBinaries(below('a'))).toEqual([{ path: below('a'), shown: below('a') }]);
    expect(found(`//proc/${process.pid}//root${path('a')}`)).toHaveLength(1);
    expect(found(`/proc/self/task/${process.pid}/root${path('a')}`)).toHaveLength(1);
    expect(found(below('missing'))).toEqual([]);
  });

  it('follows links as they are meant there', () => {
    put('one/two/a');
    symlinkSync('two', path('one/relative'));
    symlinkSync(path('one'), path('absolute'));
    symlinkSync('../one/./two', path('one/dots'));
    const real = `/proc/self/root${path('one/two/a')}`;
    for (const name of ['one/relative/a', 'absolute/two/a', 'absolute/dots/a', 'one/dots/../two/a'])
      expect(found(below(name))).toEqual([real]);
  });

  it('does not lead out of it', () => {
    put('a');
    expect(found(`/proc/self/root/../../..${path('a')}`)).toEqual([below('a')]);
  });

  it('follows 40 links, and not one more', () => {
    put('l0');
    for (let index = 1; index <= 41; index += 1) symlinkSync(`l${index - 1}`, path(`l${index}`));
    expect(found(below('l40'))).toEqual([below('l0')]);
    expect(found(below('l41'))).toEqual([]);
  });

  it('is not what only begins like it, nor another link of the process', () => {
    expect(found('/proc/self/rootless')).toEqual([]);
    const [exe] = findBinaries('/proc/self/exe');
    expect(exe?.path).toBe('/proc/self/exe');
  });

  it('may be a pattern', () => {
    put('lib/a1');
    put('lib/a2');
    expect(found(below('lib/a*'))).toEqual([below('lib/a1'), below('lib/a2')]);
  });
});

describe('a bare name', () => {
  it('is the first executable of that name in PATH', () => {
    put('first/tool-of-test', 0o644);
    const second = put('second/tool-of-test');
    expect(found('tool-of-test')).toEqual([second]);
    chmodSync(path('first/tool-of-test'), 0o755);
    expect(found('tool-of-test')).toEqual([path('first/tool-of-test')]);
    expect(found('no-tool-of-test')).toEqual([]);
  });

  it('is one of the current folder where PATH has an empty part', () => {
    const name = basename(put('tool-of-test'));
    vi.stubEnv('PATH', '');
    const before = process.cwd();
    try {
      process.chdir(folder);
      expect(found(name)).toEqual([name]);
    } finally {
      process.chdir(before);
    }
  });

  it('is one of the usual folders where there is no PATH', () => {
    vi.stubEnv('PATH', undefined);
    expect(basename(found('sh')[0] ?? '')).toBe('sh');
  });

  it('is a library by its name in the cache of the linker, or what that begins with', () => {
    const libc = found('libc.so.6');
    expect(libc).toHaveLength(1);
    expect(found('libc')).toEqual(libc);
    expect(found('lib')).toEqual([]);
    expect(found('libc.so.')).toEqual([]);
    expect(found('libc.so.6.')).toEqual([]);
  });

  it('is where ldconfig says', () => {
    const lines = execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' }).split('\n');
    const places = new Map<string, string>();
    for (const line of lines) {
      const match = /^\s+(\S+) \((?:libc6,x86-64|libc6,AArch64)\) => (\S+)$/.exec(line);
      const [, name = '', place = ''] = match ?? [];
      if (name !== '' && !places.has(name) && existsSync(place)) places.set(name, place);
    }
    expect(places.size).toBeGreaterThan(8);
    for (const [name, place] of [...places].filter((_, index) => index % 8 === 0))
      expect(found(name)).toEqual([place]);
  });
});

describe('a pattern', () => {
  it('matches files whose names fit, sorted', () => {
    for (const name of ['lib2', 'lib1', 'other', 'lib']) put(name);
    mkdirSync(path('lib-folder'));
    expect(matched('lib*')).toEqual(['lib', 'lib1', 'lib2']);
    expect(matched('*b*1')).toEqual(['lib1']);
    expect(matched('none*')).toEqual([]);
  });

  it('stands for a part of a path alone', () => {
    put('x/bin/a');
    put('y/bin/a');
    put('y/deep/bin/a');
    put('y/bin/b');
    expect(matched('*/bin/a')).toEqual(['x/bin/a', 'y/bin/a']);
    expect(matched('*/bin/*')).toEqual(['x/bin/a', 'y/bin/a', 'y/bin/b']);
    expect(matched('no*/bin/a')).toEqual([]);
  });

  it('matches hidden files when it begins like them', () => {
    put('.a');
    put('a');
    expect(matched('*a')).toEqual(['a']);
    expect(matched('.*')).toEqual(['.a']);
  });

  it('gives each file once, however many names it has', () => {
    const file = put('a1');
    linkSync(file, path('a2'));
    symlinkSync('a1', path('a3'));
    put('a4');
    expect(matched('a*')).toEqual(['a1', 'a4']);
  });

  it('may be relative', () => {
    put('bin/a');
    const before = process.cwd();
    try {
      process.chdir(folder);
      expect(found('bin/*')).toEqual(['bin/a']);
      expect(found('b*/a')).toEqual(['bin/a']);
      expect(found('./b*/a')).toEqual(['./bin/a']);
    } finally {
      process.chdir(before);
    }
  });

  it('is looked for in PATH and among libraries where it has no folder', () => {
    put('first/tool-of-test-1');
    put('second/tool-of-test-2');
    vi.stubEnv('PATH', `${path('first')}:${path('second')}:${path('missing')}`);
    expect(found('tool-of-test-*')).toEqual([
      path('first/tool-of-test-1'),
      path('second/tool-of-test-2'),
    ]);
    expect(found('libc.so*').map((each) => basename(each))).toContain('libc.so.6');
  });
});

describe('what a process has mapped', () => {
  it('is its program and its libraries, each once, and no data', async () => {
    const program = put('sleeper');
    writeFileSync(program, readFileSync('/bin/sleep'));
    const data = put('data');
    const child = spawn(program, ['60']);
    try {
      await once(child, 'spawn');
      const pid = child.pid ?? 0;
      // The name is that of the program once the kernel has replaced the child's memory.
      await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/maps`, 'utf8')).toContain('libc'), {
        timeout: HANGS_MS,
      });
      const files = mappedBinaries(pid);
      expect(files[0]).toEqual({ path: program, shown: program });
      const shown = files.map((file) => file.shown);
      expect(new Set(shown).size).toBe(shown.length);
      expect(shown.some((name) => /libc[.-]/.test(name))).toBe(true);
      expect(shown).not.toContain(data);
      for (const name of shown) expect(name).toMatch(/^\//);

      // Its file has another name, and another file has its name: what runs is reached by the mapping.
      renameSync(program, path('moved'));
      expect(mappedBinaries(pid)[0]).toEqual({ path: path('moved'), shown: path('moved') });
      writeFileSync(program, 'another');
      rmSync(path('moved'));
      const [held] = mappedBinaries(pid);
      expect(held?.shown).toBe(path('moved'));
      expect(held?.path).toMatch(new RegExp(`^/proc/${pid}/map_files/[0-9a-f]+-[0-9a-f]+$`));
    } finally {
      child.kill();
    }
  });

  it('is told by an error where there is no such process', () => {
    expect(() => mappedBinaries(2 ** 30)).toThrow(/ENOENT/);
  });
});

needs('roots of users').describe('a process in another root', () => {
  it('has files of its own by paths and by names', async () => {
    put('jail/bin/only-there');
    writeFileSync(put('jail/bin/busybox'), readFileSync('/bin/busybox'));
    vi.stubEnv('PATH', '/bin');
    const jail = path('jail');
    const child = spawn('/usr/bin/unshare', ['-r', '-R', jail, '/bin/busybox', 'cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    try {
      child.stdin.write('ready\n');
      await once(child.stdout, 'data');
      const pid = child.pid ?? 0;
      const place = `/proc/${pid}/root/bin/only-there`;
      expect(findBinaries('/bin/only-there', pid)).toEqual([
        { path: place, shown: '/bin/only-there' },
      ]);
      expect(findBinaries('only-there', pid)).toEqual([{ path: place, shown: '/bin/only-there' }]);
      expect(findBinaries('/bin/only*', pid)).toEqual([{ path: place, shown: '/bin/only-there' }]);
      expect(found('/bin/only-there')).toEqual([]);
      expect(found('/bin/only-there', process.pid)).toEqual([]);
      expect(found('/bin/sh', process.pid)).toEqual(['/bin/sh']);
      // Of /proc it is ours that is meant.
      expect(found('/proc/self/exe', pid)).toEqual(['/proc/self/exe']);
    } finally {
      child.kill();
    }
  });
});
