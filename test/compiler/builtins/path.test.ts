import { describe, expect, it } from 'vitest';
import { errors, warnings } from '../../support/diagnostics.ts';

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
