/** What probes attach to, on kernels that have it, lack it, or do not say: the events and functions of the embedded one. */
import { describe, expect, it } from 'vitest';
import { openHost } from '../../../compiler/compatibility/host.ts';
import type { ObjectView, ProbeView } from '../../../compiler/compatibility/object.ts';
import { checkTargets } from '../../../compiler/compatibility/targets.ts';
import type { Kernel } from '../../../compiler/kernel/description.ts';
import { UndescribedError } from '../../../compiler/kernel/error.ts';
import { EMBEDDED, kernelWith } from './kernels.ts';

type Target = Readonly<Record<string, unknown>>;

function probe(target: Target, more: Partial<ProbeView> = {}): ProbeView {
  const provider = String(target.provider);
  const name = [provider, target.category, target.module, target.event ?? target.function]
    .filter((part) => part !== undefined && part !== '')
    .join(':');
  return {
    ...{ program: 'p', name, provider, target: target as ProbeView['target'], isOpen: false },
    ...{ block: 0, place: { file: 'stdin', line: 1, column: 0 } },
    ...more,
  };
}

function check(kernel: Kernel, probes: readonly ProbeView[], missingProbes = 'error') {
  const object = { manifest: { config: { missingProbes } } } as unknown as ObjectView;
  return checkTargets(object, openHost(kernel), probes).map(
    ({ finding: { verdict, reason = '' }, isLoaded }) =>
      `${verdict}${isLoaded ? '' : ', not loaded'}${reason === '' ? '' : `: ${reason}`}`,
  );
}
const one = (target: Target, kernel: Kernel = EMBEDDED): string =>
  check(kernel, [probe(target)])[0] ?? '';

const undescribed = (): never => {
  throw new UndescribedError('not described');
};
const withoutTypes = {
  ...EMBEDDED,
  get btf(): Uint8Array {
    return undescribed();
  },
};

const OK = 'ok';
const NO_TYPES = 'unknown: The description of the kernel has no BTF.';

describe('tracepoints', () => {
  const event = (category: string, name: string) => ({
    provider: 'tracepoint',
    category,
    event: name,
  });

  it('are there by name or by pattern', () => {
    expect(one(event('sched', 'sched_switch'))).toBe(OK);
    expect(one(event('sched', 'sched_*'))).toBe(OK);
    expect(one(event('sch*', 'sched_switch'))).toBe(OK);
    expect(one(event('sched', 'none'))).toBe(
      'missing, not loaded: No matches for tracepoint sched:none.',
    );
    expect(one(event('sched', 'none*'))).toBe(
      'missing, not loaded: Probe has no valid attach points: nothing matches tracepoint:sched:none*.',
    );
  });

  it('are not known where a description has none', () => {
    expect(one(event('sched', 'sched_switch'), kernelWith({ matchTracepoints: undescribed }))).toBe(
      'unknown: The description of the kernel has no tracepoints.',
    );
  });
});

describe('raw tracepoints', () => {
  const event = (name: string, module = '') => ({ provider: 'rawtracepoint', event: name, module });

  it('are there by name or by pattern', () => {
    expect(one(event('sched_switch'))).toBe(OK);
    expect(one(event('sched_sw*'))).toBe(OK);
    expect(one(event('sched_switch', 'vmlinux'))).toBe(OK);
    expect(one(event('no_such_event'))).toBe(
      'missing, not loaded: No matches for rawtracepoint no_such_event.',
    );
    expect(one(event('no_such_*'))).toMatch(
      /^missing, not loaded: Probe has no valid attach points/,
    );
    expect(one(event('sched_switch'), withoutTypes)).toBe(NO_TYPES);
  });

  it('of modules are where these are described', () => {
    const has = kernelWith({
      modules: () => ['mine'],
      rawTracepoint: (name, module) => (name === 'own' && module !== 'other' ? [] : undefined),
    });
    expect(one(event('own', 'mine'), has)).toBe(OK);
    // Without a module it may be one of any.
    expect(one(event('own'), has)).toBe(OK);
    expect(one(event('own', 'm*'), has)).toBe(OK);
    expect(one(event('own', 'vm*'), has)).toBe(OK);
    expect(one(event('other', 'm*'), has)).toBe(
      'unknown: The description of the kernel does not have all modules that match m*.',
    );
    expect(one(event('own', 'z*'), has)).toContain('unknown');
    expect(one(event('own', 'other'), has)).toBe(
      'unknown: The description of the kernel does not have module other.',
    );
  });
});

describe('functions for fentry', () => {
  const fn = (name: string, more: Target = {}) => ({ provider: 'fentry', function: name, ...more });

  it('are there by name or by pattern', () => {
    expect(one(fn('vfs_read'))).toBe(OK);
    expect(one(fn('vfs_re*'))).toBe(OK);
    expect(one(fn('vfs_read', { provider: 'fexit' }))).toBe(OK);
    expect(one(fn('no_such_function'))).toBe(
      "missing, not loaded: No matches for fentry no_such_function. The kernel's BTF has no such function (it is either non-existing or inlined).",
    );
    expect(one(fn('no_such_*'))).toMatch(/^missing, not loaded: Probe has no valid/);
    expect(one(fn('vfs_read'), withoutTypes)).toBe(NO_TYPES);
  });

  it('are none that the kernel lets nothing attach to', () => {
    expect(one(fn('_printk'))).toBe(
      'missing, not loaded: fentry cannot be attached to _printk: it takes a variable number of arguments.',
    );
  });

  it('may be those of modules, and of BPF programs', () => {
    expect(one(fn('f', { module: 'mine' }), kernelWith({ modules: () => ['mine'] }))).toBe(OK);
    expect(one(fn('f', { module: 'mine' }), kernelWith({ modules: () => ['other'] }))).toContain(
      'unknown',
    );
    expect(one(fn('f'), kernelWith({ functionModules: () => ['mine'] }))).toBe(OK);
    expect(one(fn('f', { program: '12' }))).toBe(
      'unknown: BPF programs are known on the running host only.',
    );
  });

  it('have arguments that trampolines of the kernel pass on', () => {
    // Structs of sixteen bytes among them.
    const wide = fn('__cgroup_bpf_run_filter_getsockopt');
    const words = { ...EMBEDDED, release: '6.5.0' };
    expect(one(wide, words)).toMatch(
      /^missing: Cannot attach .* are 9 words, .* pass on 6; Linux 6\.6/,
    );
    expect(one(wide, { ...words, release: '6.6.0' })).toBe(OK);
    expect(one(wide, { ...words, arch: 'aarch64' })).toBe(OK);
    expect(one(fn('vfs_read'), words)).toBe(OK);
  });
});

describe('functions for kprobes', () => {
  const fn = (name: string, more: Target = {}) => ({ provider: 'kprobe', function: name, ...more });

  it('are listed, or have types or symbols', () => {
    const listed = kernelWith({ matchFunctions: (name) => (name === 'listed' ? [name] : []) });
    expect(one(fn('listed'), listed)).toBe(OK);
    expect(one(fn('vfs_read'), listed)).toBe(OK);
    expect(one(fn('none'), listed)).toBe(
      'missing, not loaded: This kernel has no function none that can be traced.',
    );
    const symbols = kernelWith({
      matchFunctions: undescribed,
      symbols: () => new Set(['assembly']),
    });
    expect(one(fn('assembly'), symbols)).toBe(OK);
    expect(one(fn('none'), symbols)).toContain('missing');
    expect(
      one(fn('none'), kernelWith({ matchFunctions: undescribed, symbols: () => undefined })),
    ).toBe('unknown: The description of the kernel does not list its functions.');
    // An address has no name.
    expect(one(fn(''), listed)).toBe(OK);
  });

  it('of patterns are those of the list', () => {
    const some = kernelWith({ matchFunctions: (pattern) => (pattern === 'l*' ? ['listed'] : []) });
    expect(one(fn('l*'), some)).toBe(OK);
    expect(one(fn('x*', { provider: 'kretprobe' }), some)).toMatch(
      /^missing, not loaded: Probe has no/,
    );
    expect(one(fn('l*'), kernelWith({ matchFunctions: undescribed }))).toContain('unknown');
  });
});

describe('other probes', () => {
  it('iterators are there where their functions are', () => {
    expect(one({ provider: 'iter', object: 'task' })).toBe(OK);
    expect(one({ provider: 'iter', object: 'nothing' })).toBe(
      'missing, not loaded: iter nothing not available for your kernel version.',
    );
    expect(one({ provider: 'iter', object: 'task' }, withoutTypes)).toBe(NO_TYPES);
  });

  it('of programs and of time are no kernel’s', () => {
    for (const provider of ['uprobe', 'usdt', 'interval', 'begin'])
      expect(one({ provider })).toBe(OK);
  });

  it('that parameters decide are not known', () => {
    const open = probe({ provider: 'kprobe', function: '$1' }, { isOpen: true });
    expect(check(EMBEDDED, [open])).toEqual([
      'unknown: What kprobe:$1 is depends on a parameter of the script.',
    ]);
  });
});

describe('probes that are missing', () => {
  const gone = (block: number | undefined, event = 'none') =>
    probe({ provider: 'tracepoint', category: 'sched', event }, { block });
  const here = (block: number | undefined) =>
    probe({ provider: 'tracepoint', category: 'sched', event: 'sched_switch' }, { block });
  const verdicts = (probes: readonly ProbeView[], policy?: string) =>
    check(EMBEDDED, probes, policy).map((text) => text.split(/[:,]/)[0]);

  it('are left out where the script says so', () => {
    expect(verdicts([gone(0)])).toEqual(['missing']);
    expect(verdicts([gone(0)], 'warn')).toEqual(['left out']);
    expect(verdicts([gone(0)], 'ignore')).toEqual(['left out']);
    expect(verdicts([gone(0)], '')).toEqual(['missing']);
  });

  it('are left out where they are patterns beside others in their block', () => {
    expect(verdicts([gone(0, 'none*'), here(0)])).toEqual(['left out', 'ok']);
    expect(verdicts([gone(0, 'none*'), here(1)])).toEqual(['missing', 'ok']);
    expect(verdicts([gone(0, 'none*'), gone(0, 'other*')])).toEqual(['missing', 'missing']);
    expect(verdicts([gone(0), here(0)])).toEqual(['missing', 'ok']);
    expect(verdicts([gone(undefined, 'none*'), here(undefined)])).toEqual(['missing', 'ok']);
  });
});
