import { describe, expect, it } from 'vitest';
import { firstCall } from './uses.ts';

describe('cgroup', () => {
  it.each(['cgroup', 'cpu', 'comm'])('stays while a program runs, like %s', (name) => {
    expect(firstCall(`$x = ${name}; print($x);`).traits).toMatchObject({ steady: true });
  });
});
