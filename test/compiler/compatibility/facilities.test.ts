/** What BPF offers on a kernel, as its own enums, its configuration or its version say. */
import { describe, expect, it } from 'vitest';
import {
  checkFeatures,
  checkHelper,
  checkMapTypes,
  checkProgramTypes,
  checkSettings,
} from '../../../compiler/compatibility/facilities.ts';
import { type Host, openHost } from '../../../compiler/compatibility/host.ts';
import {
  type ObjectView,
  openObject,
  type ProbeView,
  probesOf,
} from '../../../compiler/compatibility/object.ts';
import { FEATURES } from '../../../linker/contract/features.ts';
import { HELPERS } from '../../../linker/contract/helpers.ts';
import { build } from '../../support/build.ts';
import { EMBEDDED, kernelWithout } from './kernels.ts';

const here = openHost(EMBEDDED);
/** Nothing is known of its enums. */
const silent: Host = {
  ...here,
  has: () => undefined,
  hasEnum: () => false,
  named: () => undefined,
};
const PLACE = { file: 'x.bt', line: 3, column: 0 };

const probe = (provider: string, target: object = {}): ProbeView => ({
  ...{ program: 'p', name: provider, provider, target: target as ProbeView['target'] },
  ...{ isOpen: false, block: 0, place: PLACE },
});

describe('settings of a kernel’s build', () => {
  const NEEDED: Readonly<Record<string, readonly string[]>> = {
    tracepoint: ['CONFIG_BPF_EVENTS', 'CONFIG_EVENT_TRACING'],
    rawtracepoint: ['CONFIG_BPF_EVENTS', 'CONFIG_DEBUG_INFO_BTF'],
    kprobe: ['CONFIG_BPF_EVENTS', 'CONFIG_KPROBE_EVENTS'],
    kretprobe: ['CONFIG_BPF_EVENTS', 'CONFIG_KPROBE_EVENTS'],
    fentry: ['CONFIG_BPF_JIT', 'CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS', 'CONFIG_DEBUG_INFO_BTF'],
    fexit: ['CONFIG_BPF_JIT', 'CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS', 'CONFIG_DEBUG_INFO_BTF'],
    uprobe: ['CONFIG_BPF_EVENTS', 'CONFIG_UPROBE_EVENTS'],
    uretprobe: ['CONFIG_BPF_EVENTS', 'CONFIG_UPROBE_EVENTS'],
    usdt: ['CONFIG_BPF_EVENTS', 'CONFIG_UPROBE_EVENTS'],
    iter: ['CONFIG_DEBUG_INFO_BTF'],
    watchpoint: ['CONFIG_HAVE_HW_BREAKPOINT'],
    interval: [],
  };

  const settings = (
    config: ReadonlyMap<string, string> | undefined,
    probes: readonly ProbeView[],
    features: readonly string[] = [],
  ) =>
    checkSettings(
      { manifest: { features } } as unknown as ObjectView,
      { ...here, release: '6.1', description: { ...EMBEDDED, config: () => config } },
      probes,
    );

  it('are those that a provider needs, built in or as a module', () => {
    for (const [provider, names] of Object.entries(NEEDED)) {
      const all = ['CONFIG_BPF_SYSCALL', ...names];
      const config = (value: string) => new Map(all.map((name) => [name, value]));
      for (const value of ['y', 'm'])
        expect(settings(config(value), [probe(provider)])).toEqual(
          all.map((name, index) => ({
            ...{ kind: 'config', name, verdict: 'ok' },
            place: index === 0 ? undefined : PLACE,
          })),
        );
      for (const value of ['n', '', '64'])
        expect(settings(config(value), [probe(provider)])).toMatchObject(
          all.map((name) => ({
            ...{ name, verdict: 'missing' },
            reason: `This kernel was built without ${name}, which the script needs.`,
          })),
        );
      expect(settings(new Map(), [probe(provider)])).toHaveLength(all.length);
    }
  });

  it('are not asked for where nobody knows them', () => {
    expect(settings(undefined, [probe('kprobe')], ['bpf_override_return'])).toEqual([]);
  });

  it('may be those of a feature', () => {
    const config = new Map([['CONFIG_BPF_SYSCALL', 'y']]);
    expect(settings(config, [], ['bpf_override_return', 'ringbuf'])).toEqual([
      { kind: 'config', name: 'CONFIG_BPF_SYSCALL', verdict: 'ok', place: undefined },
      {
        ...{ kind: 'config', name: 'CONFIG_BPF_KPROBE_OVERRIDE', verdict: 'missing' },
        reason:
          'This kernel (6.1) lacks bpf_override_return, which the script needs: it wants CONFIG_BPF_KPROBE_OVERRIDE.',
        place: undefined,
      },
    ]);
  });
});

describe('features', () => {
  const features = (host: Host, ...names: readonly string[]) =>
    checkFeatures({ manifest: { features: names } } as unknown as ObjectView, host);

  it('are those of versions where no enum says it', () => {
    for (const [name, { since, ...rest }] of Object.entries(FEATURES)) {
      // Helpers count where they are called.
      if ('helper' in rest) {
        expect(features({ ...silent, release: '4.0' }, name)).toEqual([]);
        continue;
      }
      const object = { ...openObject(build('begin { }')), manifest: { features: [name] } };
      const on = (release: string) =>
        checkFeatures(object as unknown as ObjectView, { ...silent, release });
      expect(on(`${since}.0`)).toEqual([{ kind: 'feature', name, verdict: 'ok' }]);
      const [finding] = on('4.0.0');
      expect(finding).toMatchObject({ kind: 'feature', name, verdict: 'missing' });
      const called =
        name === 'large_keys'
          ? 'keys of more than 512 bytes'
          : name === 'atomic_exchange'
            ? 'atomic exchanges'
            : name;
      expect(finding?.reason).toBe(
        `This kernel (4.0.0) lacks ${called}, which the script needs and Linux ${since} brings.`,
      );
    }
  });

  it('are what the kernel’s enums say, whatever its version', () => {
    const old = { ...here, release: '4.0.0' };
    for (const [name, enumerator] of [
      ['tp_btf', 'BPF_TRACE_RAW_TP'],
      ['fentry', 'BPF_TRACE_FENTRY'],
      ['fexit', 'BPF_TRACE_FEXIT'],
    ] as const) {
      expect(features(old, name)).toEqual([{ kind: 'feature', name, verdict: 'ok' }]);
      expect(features(openHost(kernelWithout(enumerator)), name)).toMatchObject([
        { name, verdict: 'missing', place: undefined },
      ]);
    }
  });

  it('may be none that this program knows', () => {
    expect(features(here, 'telepathy')).toEqual([
      {
        ...{ kind: 'feature', name: 'telepathy', verdict: 'unknown' },
        reason: 'telepathy is not a known feature.',
      },
    ]);
  });

  it('have the place of the first map whose keys are large', () => {
    const object = openObject(
      build('config = { max_strlen = 1024 }\nbegin {\n  @small[1] = 1;\n  @large[str(0)] = 1; }'),
    );
    const asked = { ...object, manifest: { ...object.manifest, features: ['large_keys'] } };
    expect(checkFeatures(asked, { ...silent, release: '5.10' })).toMatchObject([
      { name: 'large_keys', verdict: 'missing', place: { file: 'stdin', line: 4 } },
    ]);
  });
});

describe('helpers', () => {
  it('are those of the kernel’s enum', () => {
    const without = openHost(kernelWithout('BPF_FUNC_loop', 'BPF_FUNC_map_lookup_elem'));
    const about = { kind: 'helper', name: 'bpf_loop', place: PLACE };
    expect(checkHelper(HELPERS.loop, here, PLACE)).toEqual({ ...about, verdict: 'ok' });
    expect(checkHelper(HELPERS.loop, { ...without, release: '5.1' }, PLACE)).toEqual({
      ...{ ...about, verdict: 'missing' },
      reason: 'This kernel (5.1) lacks bpf_loop, which the script needs and Linux 5.17 brings.',
    });
    expect(checkHelper(HELPERS.loop, silent, PLACE)).toEqual({
      ...{ ...about, verdict: 'unknown' },
      reason: 'The description does not say which helper there are.',
    });
    // One that all kernels have is no feature.
    expect(checkHelper(HELPERS.map_lookup_elem, { ...without, release: '5.1' }, PLACE)).toEqual({
      ...{ kind: 'helper', name: 'bpf_map_lookup_elem', place: PLACE, verdict: 'missing' },
      reason: 'This kernel (5.1) has no helper bpf_map_lookup_elem, which the script needs.',
    });
  });

  it('may have numbers that only the kernel knows, or nobody', () => {
    const known = new Set<number>(Object.values(HELPERS));
    const id = Array.from({ length: 300 }, (_, number) => number).find(
      (number) => !known.has(number) && here.named('bpf_func_id', number) !== undefined,
    );
    if (id === undefined) throw new Error('all helpers of the kernel are known');
    const name = here.named('bpf_func_id', id)?.replace('BPF_FUNC_', 'bpf_');
    expect(checkHelper(id, here, PLACE)).toEqual({
      kind: 'helper',
      name,
      verdict: 'ok',
      place: PLACE,
    });
    expect(checkHelper(9999, here, PLACE)).toMatchObject({
      ...{ name: 'bpf_9999', verdict: 'missing' },
      reason: `This kernel (${EMBEDDED.release}) has no helper bpf_9999, which the script needs.`,
    });
    expect(checkHelper(9999, silent, PLACE)).toMatchObject({
      name: 'bpf_9999',
      verdict: 'unknown',
    });
  });
});

describe('types of programs', () => {
  const TYPES: Readonly<Record<string, string>> = {
    ...{ tracepoint: 'tracepoint', rawtracepoint: 'trace_raw_tp', iter: 'trace_iter' },
    ...{
      kprobe: 'kprobe',
      kretprobe: 'kprobe',
      uprobe: 'kprobe',
      uretprobe: 'kprobe',
      usdt: 'kprobe',
    },
    ...{ fentry: 'trace_fentry', fexit: 'trace_fexit' },
    ...{ interval: 'perf_event', profile: 'perf_event', software: 'perf_event' },
    ...{ hardware: 'perf_event', watchpoint: 'perf_event' },
  };

  it('are those of the providers', () => {
    for (const [provider, name] of Object.entries(TYPES)) {
      const about = { kind: 'program type', name, place: PLACE };
      expect(checkProgramTypes(here, [probe(provider)])).toEqual([{ ...about, verdict: 'ok' }]);
      const enumerator = name.startsWith('trace_') ? `BPF_${name}` : `BPF_PROG_TYPE_${name}`;
      const without = openHost(kernelWithout(enumerator.toUpperCase()));
      expect(checkProgramTypes({ ...without, release: '5.1' }, [probe(provider)])).toEqual([
        {
          ...{ ...about, verdict: 'missing' },
          reason: `This kernel (5.1) has no programs of type ${name}, which the script needs.`,
        },
      ]);
      expect(checkProgramTypes(silent, [probe(provider)])).toMatchObject([
        {
          verdict: 'unknown',
          reason: 'The description does not say which programs of type there are.',
        },
      ]);
    }
    expect(checkProgramTypes(here, [probe('begin'), probe('end')])).toEqual([]);
  });

  it('are of raw tracepoints for patterns of system calls', () => {
    expect(checkProgramTypes(here, [probe('tracepoint', { syscalls: 'enter' })])).toMatchObject([
      { name: 'trace_raw_tp' },
    ]);
    expect(checkProgramTypes(here, [probe('kprobe', { syscalls: 'enter' })])).toMatchObject([
      { name: 'kprobe' },
    ]);
  });
});

describe('types of maps', () => {
  it('are those of the kernel’s enum, each with the place of its use', () => {
    const object = openObject(build('begin {\n  @x[pid] = 1; }'));
    const types = (host: Host) =>
      checkMapTypes(object, host).map(({ name, verdict, place }) => [name, verdict, place?.line]);
    expect(types(here)).toContainEqual(['hash', 'ok', 2]);
    expect(types(openHost(kernelWithout('BPF_MAP_TYPE_HASH')))).toContainEqual([
      'hash',
      'missing',
      2,
    ]);
    expect(types(silent)).toContainEqual(['hash', 'unknown', 2]);
  });
});

describe('probes of a manifest', () => {
  it('have the script’s name where they have no file, and are open where a parameter is in them', () => {
    const object = openObject(build('kprobe:vfs_read { print(1); } kprobe:$1 { print(2); }'));
    expect(
      probesOf(object).map(({ provider, isOpen, block, place }) => [
        provider,
        isOpen,
        block,
        place,
      ]),
    ).toEqual([
      ['kprobe', false, 0, { file: 'stdin', line: 1, column: 0 }],
      ['kprobe', true, 1, { file: 'stdin', line: 1, column: 0 }],
    ]);
    const [bare] = probesOf({ ...object, manifest: { probes: [{ file: 'own.bt', line: 4 }] } });
    expect(bare).toEqual({
      ...{ program: '', name: '', provider: '', target: {}, isOpen: false, block: undefined },
      place: { file: 'own.bt', line: 4, column: 0 },
    });
  });
});
