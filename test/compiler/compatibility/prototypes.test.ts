/** What functions and events of a kernel are called with: names, types, and the words of a context that they take. */
import { describe, expect, it } from 'vitest';
import { type Host, openHost } from '../../../compiler/compatibility/host.ts';
import type { ProbeView } from '../../../compiler/compatibility/object.ts';
import {
  type Prototype,
  prototypeOfEvent,
  prototypeOfFunction,
  prototypeOfProbe,
} from '../../../compiler/compatibility/prototypes.ts';
import { EMBEDDED, kernelWith, kernelWithout } from './kernels.ts';

const here = openHost(EMBEDDED);

/** `name@word` for each, and the word of the result. */
const shown = (prototype: Prototype | undefined) =>
  prototype && [
    ...prototype.parameters.map(({ name, slot }) => `${name}@${slot}`),
    `result@${prototype.result.slot}`,
  ];

function btfOf({ btfs: [btf] }: Host) {
  if (!btf) throw new Error('no types');
  return btf;
}

const probe = (provider: string, target: object): ProbeView =>
  ({ provider, target }) as unknown as ProbeView;

describe('a function', () => {
  it('has its arguments in words, of which a struct may take two', () => {
    const of = (name: string) => shown(prototypeOfFunction(btfOf(here), name));
    expect(of('vfs_read')).toEqual(['file@0', 'buf@1', 'count@2', 'pos@3', 'result@4']);
    expect(of('schedule')).toEqual(['result@0']);
    // A sockptr_t is a pointer and a truth: 16 bytes.
    expect(of('do_sock_setsockopt')).toEqual([
      ...['sock@0', 'compat@1', 'level@2', 'optname@3', 'optval@4', 'optlen@6', 'result@7'],
    ]);
    for (const other of ['no_such_function', 'task_struct', 'pid_t', 'runqueues'])
      expect(of(other)).toBeUndefined();
  });
});

describe('an event', () => {
  const of = (name: string, host = here) => shown(prototypeOfEvent(btfOf(host), name));

  it('is called with what stands behind its data, by the names of its own function', () => {
    const wanted = ['preempt@0', 'prev@1', 'next@2', 'prev_state@3', 'result@4'];
    expect(of('sched_switch')).toEqual(wanted);
    expect(of('sched_switch', openHost(kernelWithout('__probestub_sched_switch')))).toEqual(wanted);
    expect(of('no_such_event')).toBeUndefined();
  });

  it('has numbers where no function has the names', () => {
    const nameless = kernelWithout(
      ...['__probestub_', '__traceiter_', '__bpf_trace_'].map((each) => `${each}sched_switch`),
    );
    expect(of('sched_switch', openHost(nameless))).toEqual([
      ...['arg0@0', 'arg1@1', 'arg2@2', 'arg3@3', 'result@4'],
    ]);
  });
});

describe('what a probe is for', () => {
  const of = (provider: string, target: object, host = here) =>
    shown(prototypeOfProbe(host, probe(provider, target)));
  const READ = ['file@0', 'buf@1', 'count@2', 'pos@3', 'result@4'];

  it('is a function of the kernel, which may be named so, or an event', () => {
    for (const target of [
      { function: 'vfs_read' },
      { function: 'vfs_read', module: '' },
      { function: 'vfs_read', module: 'vmlinux' },
    ])
      expect(of('fentry', target)).toEqual(READ);
    expect(of('rawtracepoint', { event: 'sched_switch' })?.[0]).toBe('preempt@0');
    expect(of('rawtracepoint', { event: 'no_such' })).toBeUndefined();
    expect(of('fentry', { function: 'no_such' })).toBeUndefined();
    expect(of('fentry', { function: 'vfs_read' }, { ...here, btfs: [] })).toBeUndefined();
  });

  it('may be a function of a module, of the one that is named or that has it', () => {
    const found = {
      parameters: [{ name: 'own', type: { kind: 'void' }, typeId: 7, slot: 3 }],
      result: undefined,
    };
    const asked: unknown[] = [];
    const kernel = (has: (module?: string) => unknown) =>
      openHost(
        kernelWith({
          functionModules: () => ['one', 'other'],
          function: ((name: string, module?: string) => {
            asked.push([name, module]);
            return has(module);
          }) as never,
        }),
      );
    expect(
      of(
        'fentry',
        { function: 'f', module: 'm' },
        kernel(() => found),
      ),
    ).toEqual([...['own@3', 'result@0']]);
    expect(
      of(
        'fentry',
        { function: 'no_such' },
        kernel(() => found),
      ),
    ).toEqual(['own@3', 'result@0']);
    expect(asked).toEqual([
      ['f', 'm'],
      ['no_such', 'one'],
    ]);
    for (const nothing of [undefined, 'it returns a struct'])
      expect(
        of(
          'fentry',
          { function: 'f', module: 'm' },
          kernel(() => nothing),
        ),
      ).toBeUndefined();
    const nowhere = openHost(
      kernelWith({ functionModules: () => [], function: () => found as never }),
    );
    expect(of('fentry', { function: 'no_such' }, nowhere)).toBeUndefined();
  });
});
