/** Raw tracepoints of modules, and of what a parameter names. */
import { describe, expect, it } from 'vitest';
import { refusal, target } from './support.ts';

describe('rawtracepoint of a module or a parameter', () => {
  it('is left to the host, without types', () => {
    expect(target('rt:xfs:e')).toMatchObject({
      name: 'rawtracepoint:xfs:e',
      section: 'tp_btf',
      registers: 10,
      target: { provider: 'rawtracepoint', module: 'xfs', event: 'e' },
    });
    expect(target('rt:$1')).toMatchObject({ section: 'tp_btf', parameterised: true });
    expect(target('rt:x*:e')).toMatchObject({
      name: 'rawtracepoint:x*:e',
      wildcard: true,
      target: { provider: 'rawtracepoint', module: 'x*', event: 'e' },
    });
    expect(refusal('rt:x*:e', true)).toContain('Probe has no valid attach points.');
    expect(refusal('rt:xfs:e', true)).toBe(
      'args cannot be typed: the kernel description has no such events of module xfs',
    );
  });
});
