import { describe, expect, it } from 'vitest';
import { call, string } from './calls.ts';
import { createMachine } from './machine.ts';

describe('comm, as it runs', () => {
  it('[BLT-003] reads comm into place', () => {
    const bytes = createMachine({ comm: 'bash' }).bytes(
      call('comm', { kind: 'string', size: 16 }),
      true,
    );
    expect(string(bytes)).toBe('bash');
    expect([...bytes.subarray(4)]).toEqual(new Array(12).fill(0));
  });
});
