/** Raw tracepoints of modules, and of what a parameter names. */
import { describe, expect, it } from 'vitest';
import { refusal, resolve, target } from './support.ts';

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

describe('rawtracepoint of a block that asks for its event alone', () => {
  const names = (text: string, needsEvent: boolean) =>
    resolve(text, false, 'error', { needsEvent }).targets.map(({ name, registers }) => [
      name,
      registers,
    ]);

  it('is one for each event of a pattern, with as many arguments as it has', () => {
    expect(names('rt:sched_*', true)).toEqual([
      ['rawtracepoint:sched_switch', 3],
      ['rawtracepoint:sched_wakeup', 1],
    ]);
    expect(names('rt:sched_*', false)).toEqual([['rawtracepoint:sched_*', 0]]);
  });

  it('is one for each event of the modules of a pattern, and of the kernel where it matches', () => {
    expect(names('rt:d*:sched_*', true)).toEqual([['rawtracepoint:dummy:sched_wakeup', 1]]);
    expect(names('rt:d*:sched_wakeup', true)).toEqual([['rawtracepoint:dummy:sched_wakeup', 1]]);
    expect(names('rt:*:sched_wakeup', true)).toEqual([
      ['rawtracepoint:sched_wakeup', 1],
      ['rawtracepoint:dummy:sched_wakeup', 1],
    ]);
    expect(names('rt:d*:sched_*', false)).toEqual([['rawtracepoint:d*:sched_*', 0]]);
  });

  it('is one for each event of a module, whose own name is enough for one', () => {
    expect(names('rt:dummy:sched_*', true)).toEqual([['rawtracepoint:dummy:sched_wakeup', 1]]);
    expect(names('rt:dummy:sched_*', false)).toEqual([['rawtracepoint:dummy:sched_*', 0]]);
    for (const needsEvent of [true, false])
      expect(names('rt:dummy:sched_wakeup', needsEvent)).toEqual([
        ['rawtracepoint:dummy:sched_wakeup', 10],
      ]);
  });

  it('is not left to the host where the description lacks it', () => {
    const left = (needsArgs: boolean, needsEvent: boolean) =>
      resolve('rt:sched_swich', needsArgs, 'ignore', { needsEvent }).targets.length;
    expect([left(false, false), left(true, false), left(false, true)]).toEqual([1, 0, 0]);
  });
});

describe('rawtracepoint of a pattern of providers', () => {
  const found = (text: string, needsArgs: boolean, onlyKnown: boolean) => {
    const { targets, messages } = resolve(text, needsArgs, 'ignore', { onlyKnown });
    return [targets.length, ...messages];
  };
  const NONE =
    "Probe has no valid attach points. If this is expected, set the 'missing_probes' config variable to 'warn'.";

  it('is there only as far as the description knows it', () => {
    expect(found('rt:sched_switch', false, true)).toEqual([1]);
    expect(found('rt:xfs:e', false, true)).toEqual([0, NONE]);
    expect(found('rt:xfs:e', false, false)).toEqual([1]);
    expect(found('rt:dummy:sched_wakeup', true, true)).toEqual([1]);
    expect(found('rt:sched_swich', false, true)).toEqual([
      0,
      'No matches for rawtracepoint sched_swich.',
    ]);
  });

  it('has no events of modules that nobody knows, and says nothing of them', () => {
    expect(found('rt:x*:e', true, true)).toEqual([0]);
    expect(found('rt:x*:e', true, false)).toEqual([0, NONE]);
    expect(found('rt:d*:sched_wakeup', true, true)).toEqual([1]);
  });

  it('may match nothing where the block has other attach points', () => {
    const { targets, messages } = resolve('rt:nothing*', false, 'error', {
      emptyWildcards: 'allow',
    });
    expect([targets, messages]).toEqual([[], []]);
  });
});
