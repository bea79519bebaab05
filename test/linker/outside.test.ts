/** How an object reaches outside, as an inspection tells it. */
import { expect, it } from 'vitest';
import { inspectEffects } from '../../linker/inspect/outside.ts';

const inspected = (
  manifest: object,
  code: readonly object[] = [],
  pinned: readonly string[] = [],
) => inspectEffects(code as never, { probes: [], events: [], ...manifest } as never, pinned);

it('code is that of a probe, or of the function that does it', () => {
  const signal = { effect: 'signal', callee: 'bpf_send_signal' };
  const probes = [
    { program: 'p_1', name: 'kprobe:one' },
    { program: 'p_2', name: 'kprobe:two' },
  ];
  const told = inspected({ probes }, [
    { ...signal, caller: 'p_2' },
    { ...signal, caller: 'harm' },
  ]);
  const says = {
    effect: 'signal',
    does: 'sends signals',
    what: 'bpf_send_signal',
    needs: 'unsafe',
  };
  expect(told).toEqual([
    { ...says, who: 'kprobe:two' },
    { ...says, who: 'harm' },
  ]);
});

it('commands, files that are written and read are their formats, each once', () => {
  const event = (kind: string, format: string) => ({ kind, format });
  const events = [
    ...[
      event('cat', '/proc/%d'),
      event('system', 'ls'),
      event('printf', 'x'),
      event('system', 'ls'),
    ],
    ...[event('packet', 'a.pcap'), event('system', 'date')],
  ];
  expect(inspected({ events }).map(({ effect, what, needs }) => [effect, what, needs])).toEqual([
    ...[
      ['command', 'ls', 'run'],
      ['command', 'date', 'run'],
      ['file', 'a.pcap', 'write'],
    ],
    ['read', '/proc/%d', 'nothing'],
  ]);
});

it('what is pinned has its whole path', () => {
  const probes = [
    ...[
      { target: { pin: 'tasks' } },
      { target: { pin: '/sys/fs/bpf/x' } },
      { target: { pin: '' } },
    ],
    { target: {} },
  ];
  expect(
    inspected({ probes }, [], ['own', '/a/b']).map(({ effect, what, who }) => [effect, what, who]),
  ).toEqual([
    ['iterator', '/sys/fs/bpf/tasks', undefined],
    ['iterator', '/sys/fs/bpf/x', undefined],
    ['map', '/sys/fs/bpf/own', undefined],
    ['map', '/a/b', undefined],
  ]);
});
