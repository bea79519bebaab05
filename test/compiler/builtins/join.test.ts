import { describe, expect, it } from 'vitest';
import { VOID } from '../../../compiler/types/type.ts';
import { expectError } from '../analysis/expect.ts';
import { address, call, string } from './calls.ts';
import { createMachine, cstring } from './machine.ts';
import { firstCall, UPROBE } from './uses.ts';

describe('join, as the analysis takes it', () => {
  it('[FUN-016] joins with a space unless told otherwise', () => {
    expect(firstCall(`${UPROBE} { join(arg0) }`)).toMatchObject({
      plan: { separator: ' ' },
      args: [{ type: { kind: 'pointer', space: 'user' } }],
    });
    expect(firstCall(`${UPROBE} { join(arg0, ",") }`).plan).toEqual({ separator: ',' });
    expectError('join("a");', 'join() expects an integer or a pointer as array (string provided)');
  });
});

describe('join, as it runs', () => {
  it('[FUN-016] joins strings until the array ends', () => {
    const pointers = new Uint8Array(new BigUint64Array([0x100n, 0x200n, 0n, 0x100n]).buffer);
    const user = new Map([
      [0x4000n, pointers],
      [0x100n, cstring('ls')],
      [0x200n, cstring('-l')],
    ]);
    const machine = createMachine({ user });
    machine.value(call('join', VOID, [address(0x4000n, 'user')], { separator: ',' }));
    const [event] = machine.events;
    const [count, strings] = event?.fields ?? [];
    expect(event?.spec.format).toBe(',');
    expect(count && [...count]).toEqual([2, 0, 0, 0]);
    expect(strings && string(strings.subarray(0, 1024))).toBe('ls');
    expect(strings && string(strings.subarray(1024))).toBe('-l');
  });

  it('[FUN-016] joins sixteen strings at most', () => {
    const pointers = new Uint8Array(new BigUint64Array(20).fill(0x100n).buffer);
    const user = new Map([
      [0x4000n, pointers],
      [0x100n, cstring('x')],
    ]);
    const machine = createMachine({ user });
    machine.value(call('join', VOID, [address(0x4000n, 'user')], { separator: ' ' }));
    expect(machine.events[0]?.fields[0]).toEqual(Uint8Array.of(16, 0, 0, 0));
  });
});
