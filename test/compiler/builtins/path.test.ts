import { describe, expect, it } from 'vitest';
import { build } from '../../support/build.ts';
import { errors, warnings } from '../../support/diagnostics.ts';
import { type Interpreter, interpret } from '../../support/interpreter.ts';
import { firstOfKernel, hints } from './uses.ts';

const RAW = 'rawtracepoint:net_dev_queue';

describe('path', () => {
  it('is there in fentry, fexit and iter only', () => {
    expect(errors('kprobe:vfs_read { print(path(((struct file *)arg0).f_path)); }')[0]).toContain(
      'path can not be used with "kprobe" probes',
    );
    expect(errors(`${RAW} { print(path(1)); }`)[0]).toContain(
      'path() expects a struct path or a struct path * as path (integer provided)',
    );
  });

  it('is there in the functions that the kernel allows it in, and takes a size', () => {
    expect(errors('fentry:vfs_read { print(path(args.file.f_path)); }')[0]).toContain(
      'the kernel does not allow path() in vfs_read',
    );
    expect(errors('fentry:vfs_fallocate { print(path(args.file.f_path, 0)); }')).toEqual([
      'path() expects an integer literal of at least 1 as size (0 provided) @ 0',
    ]);
    expect(errors('fexit:vfs_fallocate { print(path(args.file)); }')[0]).toContain(
      '(struct file * provided)',
    );
    expect(warnings('fexit:vfs_fallocate { print(path(args.file.f_path, 5000)); }')[0]).toContain(
      'size param (5000) is too long and will be shortened to 1024 bytes',
    );
  });
});

it('path says where the kernel allows it, and how long it can be', () => {
  expect(hints('kprobe:vfs_read { print(path(((struct file *)arg0).f_path)); }')).toEqual([
    'The kernel gives paths to fentry, fexit and iter probes only.',
  ]);
  expect(hints('fentry:vfs_read { print(path(args.file.f_path)); }')).toEqual([
    'It does in security_file_permission, security_inode_getattr, security_file_open, security_path_truncate, vfs_truncate, vfs_fallocate, dentry_open, vfs_getattr, filp_close.',
  ]);
  const sized = (size: string) =>
    firstOfKernel(`fentry:vfs_fallocate { $x = path(args.file.f_path${size}); print($x); }`);
  for (const [size, wanted] of [
    ['', 1024],
    [', 1', 1],
    [', 1023', 1023],
    [', 1024', 1024],
    [', 1025', 1024],
  ] as const)
    expect(sized(size)).toMatchObject({ type: { size: wanted }, plan: { size: wanted } });
  expect(warnings('fentry:vfs_fallocate { print(path(args.file.f_path, 1024)); }')).toEqual([]);
  expect(hints('fentry:vfs_fallocate { print(path(args.file.f_path, 1025)); }')).toEqual([
    'Raise max_strlen in the config block.',
  ]);
  expect(errors('iter:task_file { printf("%s", path(ctx.file.f_path)); }')).toEqual([]);
});

describe('path, as it runs', () => {
  const words = (...values: readonly bigint[]) => new Uint8Array(new BigUint64Array(values).buffer);

  function ran(script: string, name: string): Interpreter {
    const machine = interpret(build(script), { path: () => name });
    machine.run(undefined, words(machine.memory.add(new Uint8Array(4096)), 0n, 0n, 0n));
    return machine;
  }

  it('is the name, with zeros behind it where it is a key', () => {
    const script =
      'fentry:security_file_open { $p = path(args.file.f_path, 32); @k[path(args.file.f_path, 32)] = 1; @k[$p] = 2; @ = $p; }';
    const machine = ran(script, '/a/name');
    expect(machine.entries('@k')).toEqual([['/a/name', 2n]]);
    expect(machine.value('@')).toBe('/a/name');
  });

  it('loses its beginning where it does not fit', () => {
    const script =
      'fentry:security_file_open { @ = path(args.file.f_path, 8); @k[path(args.file.f_path, 8)] = 1; }';
    expect(ran(script, '/seven7').value('@')).toBe('/seven7');
    const cut = interpret(build(script), {
      fails: (helper, [, buffer, size]) => {
        if (helper !== 'd_path') return undefined;
        // As much of the end as fits stands there then (fs/d_path.c, prepend).
        cut.memory.room(buffer ?? 0n, Number(size)).set(Buffer.from('the end\0'));
        return -36n;
      },
    });
    cut.run(undefined, words(cut.memory.add(new Uint8Array(4096)), 0n, 0n, 0n));
    expect(cut.value('@')).toBe('the end');
    expect(cut.entries('@k')).toEqual([['the end', 1n]]);
  });

  it('is empty where the kernel refuses', () => {
    const script =
      'fentry:security_file_open { @ = path(args.file.f_path, 8); @k[path(args.file.f_path, 8)] = 1; }';
    const machine = interpret(build(script), {
      fails: (helper) => (helper === 'd_path' ? -22n : undefined),
    });
    machine.run(undefined, words(machine.memory.add(new Uint8Array(4096)), 0n, 0n, 0n));
    expect([machine.value('@'), machine.entries('@k')]).toEqual(['', [['', 1n]]]);
  });
});
