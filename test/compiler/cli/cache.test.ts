/** Objects of scripts that were run before. */
import {
  chmodSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Made, openCache } from '../../../compiler/cli/cache.ts';
import { compile } from '../../../compiler/compile.ts';
import { kernelDescription, temporaryFolder } from '../../support/build.ts';

const folder = temporaryFolder();
let folders = 0;
const newFolder = (): string => {
  folders += 1;
  return join(folder, String(folders));
};

const kept = { object: Buffer.from('an object'), writes: ['/tmp/what it writes'] };

function made(text: string, others: Partial<Made> = {}): Made {
  return {
    source: { name: 'stdin', text },
    kernels: ['default'],
    arch: undefined,
    ...{ unsafe: false, allowRun: false, reportsHelpers: false },
    ...others,
  };
}

function compiled(text: string, environment = {}) {
  const source = { name: 'tool.bt', text };
  return compile(source, { kernel: kernelDescription(), unsafe: false, environment });
}

const PLAIN = 'BEGIN { @ = 1; }';

/** A cache with one object, and its file. */
function filled(): { readonly at: string; readonly file: string } {
  const at = newFolder();
  openCache(made(PLAIN), at).keep(kept, compiled(PLAIN));
  const [name = ''] = readdirSync(at);
  return { at, file: join(at, name) };
}

const found = (at: string, what = made(PLAIN)): string | undefined => {
  const it = openCache(what, at).find();
  return it && Buffer.from(it.object).toString();
};

describe('an object', () => {
  it('is found for the script that it was made of', () => {
    const { at } = filled();
    expect(found(at)).toBe('an object');
    expect(openCache(made(PLAIN), at).find()?.writes).toEqual(kept.writes);
    expect(readdirSync(at)).toHaveLength(1);
  });
  it.each([
    ['text', made(`${PLAIN} `)],
    ['name', made(PLAIN, { source: { name: 'other.bt', text: PLAIN } })],
    ['kernel', made(PLAIN, { kernels: ['default', 'default'] })],
    ['unknown kernel', made(PLAIN, { kernels: ['no-such-kernel'] })],
    ['architecture', made(PLAIN, { arch: 'x86_64' })],
    ['permission', made(PLAIN, { unsafe: true })],
    ['permission to run commands', made(PLAIN, { allowRun: true })],
    ['wish for warnings', made(PLAIN, { reportsHelpers: true })],
  ])('is not found for another %s', (_, other) => {
    expect(found(filled().at, other)).toBeUndefined();
  });
  it('is not found with another setting in the environment', () => {
    const { at } = filled();
    onTestFinished(() => {
      delete process.env.BPFTRACE_MAX_MAP_KEYS;
    });
    process.env.BPFTRACE_MAX_MAP_KEYS = '7';
    expect(found(at)).toBeUndefined();
  });
  it('is not taken of a file that others can write, or that is a link', () => {
    const { at, file } = filled();
    chmodSync(file, 0o620);
    expect(found(at)).toBeUndefined();
    chmodSync(file, 0o600);
    expect(found(at)).toBe('an object');
    renameSync(file, join(folder, 'elsewhere.o'));
    symlinkSync(join(folder, 'elsewhere.o'), file);
    expect(found(at)).toBeUndefined();
  });
  it('is not taken of a file that is damaged, or was moved to the name of another', () => {
    const { at, file } = filled();
    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.concat([bytes.subarray(0, -1), Buffer.from('T')]));
    expect(found(at)).toBeUndefined();
    writeFileSync(file, bytes.subarray(0, 20));
    expect(found(at)).toBeUndefined();

    const other = 'BEGIN { @ = 2; }';
    openCache(made(other), at).keep(kept, compiled(other));
    const second = readdirSync(at).find((name) => !file.endsWith(name)) ?? '';
    copyFileSync(join(at, second), file);
    expect(found(at, made(other))).toBe('an object');
    expect(found(at)).toBeUndefined();
  });
  it.each([
    ['warnings', 'BEGIN { $i = 0; while ($i < 2) { $i++; } }'],
    ['definitions of C', 'struct s { int x; }; BEGIN { @ = sizeof(struct s); }'],
    ['uprobes', 'uprobe:/bin/true:0x0 { @ = 1; }'],
    ['errors', 'BEGIN { @ = ; }'],
  ])('is not kept of a script with %s', (_, text) => {
    const at = newFolder();
    openCache(made(text), at).keep(kept, compiled(text));
    expect(found(at, made(text))).toBeUndefined();
  });
  it('is kept of a script that uses the standard library', () => {
    const at = newFolder();
    const text = 'BEGIN { assert(pid > 0, "no process"); }';
    openCache(made(text), at).keep(kept, compiled(text));
    expect(found(at, made(text))).toBe('an object');
  });
});

it('keeps a hundred objects, those that were used last', () => {
  const { at, file } = filled();
  const name = (index: number): string => join(at, `${index.toString(16).padStart(64, '0')}.o`);
  for (let index = 0; index < 100; index += 1) {
    writeFileSync(name(index), 'x');
    utimesSync(name(index), 1000 + index, 1000 + index);
  }
  utimesSync(file, 500, 500);
  // Using it makes it the newest.
  expect(found(at)).toBe('an object');
  const other = 'BEGIN { @ = 2; }';
  openCache(made(other), at).keep(kept, compiled(other));
  const left = readdirSync(at);
  expect(left).toHaveLength(100);
  expect(found(at)).toBe('an object');
  expect(left).not.toContain(name(1).slice(at.length + 1));
  expect(left).toContain(name(2).slice(at.length + 1));
});
