import { describe, expect, it } from 'vitest';
import { refusal, resolve, target } from './support.ts';

describe('fentry and fexit', () => {
  it('[PRB-018] are typed by the parameters of the function', () => {
    expect(target('fentry:vfs_read')).toMatchObject({
      name: 'fentry:vfs_read',
      section: 'fentry/vfs_read',
      context: 'btf-arguments',
      function: 'vfs_read',
      hasRetval: false,
      parameters: [
        { name: 'file', slot: 0 },
        { name: 'count', slot: 1 },
      ],
      target: { provider: 'fentry', function: 'vfs_read' },
    });
  });
  it('[PRB-019] give what the function returned at its end, behind its arguments', () => {
    expect(target('fexit:vfs_read')).toMatchObject({ hasRetval: true, result: { slot: 2 } });
    expect(target('fexit:vfs_fsync')).toMatchObject({ hasRetval: false });
  });
  it('[PRB-072] have aliases and canonical names', () => {
    expect(target('f:vfs_read').name).toBe('fentry:vfs_read');
    expect(target('fr:vfs_read').name).toBe('fexit:vfs_read');
    expect(target('fentry:vmlinux:vfs_read')).toMatchObject({
      name: 'fentry:vmlinux:vfs_read',
      section: 'fentry/vfs_read',
    });
  });
  it('[PRB-022] keep a pattern as it is, unless the block asks for arguments', () => {
    expect(target('fentry:vfs_*')).toMatchObject({
      section: 'fentry',
      wildcard: true,
      function: undefined,
      target: { provider: 'fentry', function: 'vfs_*' },
    });
    expect(resolve('fexit:vfs_*', true).targets.map(({ name }) => name)).toEqual([
      'fexit:vfs_read',
      'fexit:vfs_fsync',
    ]);
    expect(refusal('fentry:no_such_*')).toContain('Probe has no valid attach points.');
  });
  it('leave the functions of modules and parameters to the host, without arguments', () => {
    expect(target('fentry:ext4:ext4_sync_file')).toMatchObject({
      section: 'fentry',
      function: 'ext4_sync_file',
      target: { module: 'ext4', function: 'ext4_sync_file' },
    });
    expect(refusal('fentry:ext4:ext4_sync_file', true)).toBe(
      'arguments cannot be typed: the kernel description has no types of module ext4',
    );
    expect(target('fexit:$1')).toMatchObject({ section: 'fexit', parameterised: true });
    expect(refusal('fexit:$1', true)).toBe(
      'arguments cannot be typed: which function this is depends on positional parameters',
    );
  });
  it('look for a function in modules where the kernel has none, and want the module of several [PRB-020]', () => {
    expect(target('fentry:dummy_xmit')).toMatchObject({
      name: 'fentry:dummy_xmit',
      section: 'fentry',
      target: { provider: 'fentry', module: 'dummy', function: 'dummy_xmit' },
    });
    const typed = {
      section: 'fentry',
      target: { provider: 'fentry', module: 'dummy', function: 'dummy_xmit' },
      parameters: [{ name: 'skb' }],
    };
    expect(target('fentry:dummy_xmit', true)).toMatchObject(typed);
    expect(target('fentry:dummy:dummy_xmit', true)).toMatchObject(typed);
    expect(target('fentry:dummy:dummy_*', true)).toMatchObject(typed);
    expect(target('fexit:dummy:dummy_xmit', true)).toMatchObject({ result: { slot: 1 } });
    expect(refusal('fentry:dummy:dummy_log', true)).toContain('a variable number of arguments');
    expect(resolve('fentry:dummy:dummy_xmti', true)).toMatchObject({
      messages: ['No matches for fentry dummy:dummy_xmti.'],
      hints: ["Did you mean 'dummy_xmit'?"],
    });
    expect(refusal('fentry:dum*:dummy_xmit', true)).toBe(
      'arguments cannot be typed: the module is a pattern',
    );
    expect(resolve('fexit:char2uni')).toMatchObject({
      targets: [],
      messages: ['fexit:char2uni is in several modules: nls_cp437, nls_utf8'],
      hints: ['Name one of them: fexit:nls_cp437:char2uni'],
    });
    expect(resolve('fentry:no_such_function')).toMatchObject({
      hints: ['A function of a module is named with it: fentry:MODULE:no_such_function'],
    });
  });
  it('attach to BPF programs by number and name, without arguments [PRB-021]', () => {
    expect(target('fentry:bpf:prog')).toMatchObject({
      name: 'fentry:bpf:prog',
      section: 'fentry',
      wildcard: true,
      hasRetval: false,
      target: { provider: 'fentry', program: '*', function: 'prog' },
    });
    expect(target('fexit:bpf:42:p*')).toMatchObject({
      name: 'fexit:bpf:42:p*',
      target: { program: '42', function: 'p*' },
    });
    expect(target('f:bpf:*:prog')).toMatchObject({ target: { program: '*', function: 'prog' } });
    expect(refusal('fentry:bpf:prog', true)).toBe('args can not be used with fentry:bpf probes');
    expect(refusal('fentry:bpf:4x:prog')).toBe("'4x' is not the number of a BPF program");
    expect(refusal('fentry:bpf:$1')).toBe('positional parameters cannot name BPF programs');
    expect(refusal('fentry:bpf:1:2:3')).toBe(
      'fentry probe type requires 1 to 3 arguments, found 4',
    );
  });
  it('say what is wrong with an attach point', () => {
    expect(refusal('fentry')).toBe('fentry should specify a function');
    expect(refusal('fexit:')).toBe('fexit should specify a function');
    expect(refusal('fentry:a:b:c')).toBe('fentry probe type requires 1 or 2 arguments, found 3');
    expect(refusal('fentry:vfs_read/pid/')).toBe("'vfs_read/pid/' is not the name of a function");
    expect(refusal('fentry:printk')).toBe(
      'printk cannot be traced by fentry: it takes a variable number of arguments',
    );
    expect(resolve('fentry:vfs_raed')).toMatchObject({
      targets: [],
      messages: ['No matches for fentry vfs_raed.'],
      hints: ["Did you mean 'vfs_read'?"],
    });
  });
});
