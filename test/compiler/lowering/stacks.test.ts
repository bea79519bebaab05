/** Stacks are kept once, under a hash of their own; programs that must not run inside of each other do not. */
import { describe, expect, it } from 'vitest';
import { inspectObject } from '../../../linker/inspect.ts';
import type { Manifest } from '../../../linker/manifest/manifest.ts';
import { build } from '../../support/build.ts';
import { type Interpreter, interpret } from '../../support/interpreter.ts';
import type { World } from '../../support/interpreter-helpers.ts';

/** {u64 hash, u32 pid, u32 frames} */
function tokens(machine: Interpreter, kernelMap: string) {
  return machine.elements(kernelMap).map(([bytes]) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return {
      hash: view.getBigUint64(0, true),
      pid: view.getUint32(8, true),
      frames: view.getUint32(12, true),
    };
  });
}

/** Frames by hash, without what stands behind their number. */
function kept(machine: Interpreter, frames: number): ReadonlyMap<bigint, readonly bigint[]> {
  return new Map(
    machine.elements('stacks').map(([bytes, words]) => {
      const view = new DataView(words.buffer, words.byteOffset);
      const hash = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
      return [hash, Array.from({ length: frames }, (_, at) => view.getBigUint64(at * 8, true))];
    }),
  );
}

/** Runs a kprobe with each of these stacks. */
function captured(
  script: string,
  stacks: readonly (readonly bigint[])[],
  world: World = {},
): Interpreter {
  let frames: readonly bigint[] = [];
  const machine = interpret(build(script), { ...world, stack: () => frames });
  for (const stack of stacks) {
    frames = stack;
    machine.run();
  }
  return machine;
}

const [A, B, C] = [
  [0x1111n, 0x2222n, 0x3333n],
  [0x1111n, 0x2222n, 0x3334n],
  [0x2222n, 0x1111n, 0x3333n],
];

describe('a stack', () => {
  it('of the kernel is one key as often as it comes, and another in another order', () => {
    const machine = captured('kprobe:vfs_read { @[kstack] = count(); }', [A, B, C, A, B, A]);
    const all = tokens(machine, 'AT_');
    expect(all.map(({ pid, frames }) => [pid, frames])).toEqual([
      [0, 3],
      [0, 3],
      [0, 3],
    ]);
    expect(new Set(all.map(({ hash }) => hash)).size).toBe(3);
    const stacks = kept(machine, 3);
    expect(all.map(({ hash }) => stacks.get(hash))).toEqual([A, B, C]);
    expect(stacks.size).toBe(3);
    expect(machine.entries('@').map(([, count]) => count)).toEqual([3n, 2n, 1n]);
    // What is familiar is not asked for again.
    expect(machine.sent()).toEqual([]);
  });

  it('has as many frames as are wanted, and its number counts', () => {
    const machine = captured('kprobe:vfs_read { @[kstack(2)] = count(); }', [A, B, [0x1111n], C]);
    expect(tokens(machine, 'AT_').map(({ frames }) => frames)).toEqual([2, 1, 2]);
    const prefix = captured('kprobe:vfs_read { @[kstack(4)] = count(); }', [
      [1n],
      [1n, 0n],
      [1n, 0n, 0n],
    ]);
    expect(new Set(tokens(prefix, 'AT_').map(({ hash }) => hash)).size).toBe(3);
  });

  it('that cannot be had is none', () => {
    const machine = captured('kprobe:vfs_read { @[kstack] = count(); @u[ustack] = count(); }', [
      [],
      [],
    ]);
    for (const map of ['AT_', 'AT_u'])
      expect(tokens(machine, map)).toEqual([
        { hash: 0n, pid: map === 'AT_' ? 0 : 1234, frames: 0 },
      ]);
    expect(machine.elements('stacks')).toEqual([]);
    expect(machine.sent()).toEqual([]);
  });

  it('of a process is its own, and the process is made known once, where names are wanted', () => {
    const script = (mode: string) => `kprobe:vfs_read { @[ustack(${mode}3)] = count(); }`;
    const one = captured(script(''), [A, A, B], { pid: 71, tid: 72 });
    expect(one.sent()).toEqual([
      { kind: 'process', values: [71n] },
      { kind: 'process', values: [71n] },
    ]);
    const [first] = tokens(one, 'AT_');
    expect(first).toMatchObject({ pid: 71, frames: 3 });
    const [other] = tokens(captured(script(''), [A], { pid: 73 }), 'AT_');
    expect(other?.hash).not.toBe(first?.hash);
    // Raw addresses have no names.
    const raw = captured(script('raw, '), [A], { pid: 71 });
    expect(raw.sent()).toEqual([]);
    expect(tokens(raw, 'AT_')[0]?.hash).not.toBe(first?.hash);
  });

  it('that finds no room is counted, and told', () => {
    const machine = captured('kprobe:vfs_read { @[kstack] = count(); }', [A], {
      fails: (helper) => (helper === 'map_update_elem' ? -7n : undefined),
    });
    expect(machine.sent().map(({ kind }) => kind)).toEqual(['warning', 'warning']);
  });

  it('is printed as it is counted', () => {
    const machine = captured(
      'kprobe:vfs_read { print(kstack(3)); @[kstack(3)] = count(); $s = kstack(3); @s[$s, 1] = 1; }',
      [A],
    );
    const [{ values = [] } = {}] = machine.sent();
    const [token] = tokens(machine, 'AT_');
    expect((values[0] as readonly bigint[])[0]).toBe(token?.hash);
    expect(tokens(machine, 'AT_s')).toEqual([token]);
  });
});

describe('programs that exclude each other', () => {
  const SCRIPT = `fentry:_raw_spin_lock { @lock = count(); @[comm] = 1; @after = count(); }
    kprobe:vfs_read /arg0 != 9/ { @read = count(); }`;
  const [LOCK, READ] = ['fentry__raw_spin_lock_1', 'kprobe_vfs_read_2'];
  const at = (first: bigint): Uint8Array => {
    const context = new Uint8Array(256);
    new DataView(context.buffer).setBigUint64(112, first, true);
    return context;
  };
  const counts = (machine: Interpreter) =>
    ['@lock', '@after', '@read'].map(
      (name) => (machine.value(name) as readonly bigint[] | bigint | undefined) ?? 0n,
    );

  it('run one after the other, and not one inside of the other', () => {
    let inside: (() => void) | undefined;
    const machine = interpret(build(SCRIPT), {
      fails: (helper) => {
        if (helper === 'get_current_comm') inside?.();
        return undefined;
      },
    });
    machine.run(LOCK);
    machine.run(READ, at(1n));
    machine.run(READ, at(9n));
    machine.run(LOCK);
    expect(counts(machine)).toEqual([2n, 2n, 1n]);
    inside = () => {
      inside = undefined;
      machine.run(LOCK);
      machine.run(READ, at(1n));
    };
    machine.run(LOCK);
    expect(counts(machine)).toEqual([3n, 3n, 1n]);
    machine.run(LOCK);
    machine.run(READ, at(1n));
    expect(counts(machine)).toEqual([4n, 4n, 2n]);
  });

  it('of another task, on another CPU and of the idle task are no obstacle', () => {
    for (const [tid, other] of [
      [8, 16],
      [0, 8],
      [7, 15],
    ] as const) {
      let current: number = tid;
      let left = 1;
      const world: World = {
        fails: (helper) => {
          if (helper === 'get_current_comm' && left > 0) {
            left -= 1;
            current = other;
            machine.run(LOCK);
            current = tid;
          }
          return helper === 'get_current_pid_tgid' ? (5n << 32n) | BigInt(current) : undefined;
        },
      };
      const machine = interpret(build(SCRIPT), world);
      machine.run(LOCK);
      expect(counts(machine)).toEqual([2n, 2n, 0n]);
    }
  });

  it('of tasks that share a row are eight at a time', () => {
    let depth = 0;
    const world: World = {
      fails: (helper) => {
        if (helper === 'get_current_comm' && depth < 9) {
          depth += 1;
          machine.run(LOCK);
        }
        return helper === 'get_current_pid_tgid' ? BigInt(depth * 8) : undefined;
      },
    };
    const machine = interpret(build(SCRIPT), world);
    machine.run(LOCK);
    expect(counts(machine)).toEqual([8n, 8n, 0n]);
  });
});

describe('sessions', () => {
  it('name both of their probes by number', () => {
    const { sessions, probes } = inspectObject(
      build('begin { @ = 1; } kprobe:vfs_read { @a = 1; } kretprobe:vfs_read { @b = 1; }'),
    ).manifest as Manifest;
    expect(sessions?.map(({ entry, exit }) => [probes[entry]?.name, probes[exit]?.name])).toEqual([
      ['kprobe:vfs_read', 'kretprobe:vfs_read'],
    ]);
  });
});
