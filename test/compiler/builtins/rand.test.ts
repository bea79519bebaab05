import { describe, expect, it } from 'vitest';
import { firstCall } from './uses.ts';

describe('rand', () => {
  it.each(['rand', 'nsecs', 'elapsed'])('is not asked twice for one value, like %s', (name) => {
    expect(firstCall(`$x = ${name}; print($x);`).traits).toMatchObject({ varies: true });
  });
});
