/** Objects in clusters: what they take of their nodes, and what stands in the files that are made. */
import { describe, expect, it } from 'vitest';
import {
  type KubernetesOptions,
  kubernetesFiles,
} from '../../../compiler/deployment/kubernetes.ts';
import {
  compare,
  cpuOf,
  type HostNeeds,
  hostNeeds,
  memoryOf,
} from '../../../compiler/deployment/needs.ts';
import type { Inspection } from '../../../linker/inspect/inspection.ts';
import { inspectObject } from '../../../linker/inspect.ts';
import { build } from '../../support/build.ts';

const plain = inspectObject(build('begin { exit(); }'));
const having = (rest: Partial<Inspection>): Inspection => ({ ...plain, ...rest });
const probes = (...targets: readonly unknown[]) => ({
  manifest: { probes: targets.map((target) => ({ target })), maps: [] },
});
const needs = (rest: Partial<Inspection> = {}, kernel?: string): HostNeeds =>
  hostNeeds(having(rest), { measured: false, ...(kernel === undefined ? {} : { kernel }) });

describe('what an object takes of its host', () => {
  it('is the first kernel that has all of it, or the one that all hosts have', () => {
    expect(needs({ features: [] }).kernel).toBe('5.8');
    expect(needs({ features: ['bpf_loop', 'ringbuf', 'nothing known'] }).kernel).toBe('5.17');
    expect(needs({ features: [] }, '6.1').kernel).toBe('6.1');
    expect(needs({ features: ['bpf_loop'] }, '5.9').kernel).toBe('5.17');
    expect(
      [compare('5.15', '5.8'), compare('6.0', '5.19'), compare('6.1', '6.1')].map(Math.sign),
    ).toEqual([1, 1, 0]);
    expect(compare('5.8', '6.1')).toBeLessThan(0);
  });

  it('is capabilities, each with all that it is for, and fewer for uprobes on kernels since 6.10', () => {
    const capabilities = [
      { capability: 'CAP_BPF', for: 'maps' },
      { capability: 'CAP_SYS_ADMIN', for: 'uprobe.multi' },
      { capability: 'CAP_BPF', for: 'programs' },
    ] as unknown as Inspection['capabilities'];
    const names = (kernel?: string) => [
      ...needs({ capabilities, features: [] }, kernel).capabilities.keys(),
    ];
    expect(needs({ capabilities }).capabilities.get('BPF')).toEqual(['maps', 'programs']);
    expect([names(), names('6.9'), names('6.10')]).toEqual([
      ...[['BPF', 'SYS_ADMIN'], ['BPF', 'SYS_ADMIN'], ['BPF']],
    ]);
    const measured = hostNeeds(having({ capabilities: [] }), { measured: true });
    expect([...measured.capabilities.keys()]).toEqual(['SYS_ADMIN']);
  });

  it('is files of traced programs, or what nobody can know of them', () => {
    const of = (...targets: readonly unknown[]) =>
      needs({ capabilities: [], ...probes(...targets) });
    const { mounts, openPaths } = of(
      { provider: 'uprobe', path: '/bin/sh' },
      { provider: 'uprobe', path: '/bin/sh' },
      { provider: 'uprobe', path: '/lib/*.so' },
      { provider: 'uprobe', path: '/a$1' },
      { provider: 'uprobe', path: 'libc' },
      { provider: 'uprobe', path: 'libc' },
      { provider: 'kprobe' },
    );
    expect(mounts).toEqual([{ path: '/bin/sh', readOnly: true, why: 'a program that is traced' }]);
    expect(openPaths).toEqual(['/lib/*.so', '/a$1', 'libc']);
    for (const path of ['/a?', '/a[b]']) expect(of({ path }).openPaths).toEqual([path]);
  });

  it('is what it reads and where it pins, the latter to be written', () => {
    const outside = [
      { effect: 'read', what: '/etc/hostname' },
      { effect: 'map', what: '/sys/fs/bpf/x' },
      { effect: 'system', what: 'ls' },
    ] as unknown as Inspection['outside'];
    const found = needs({ outside, capabilities: [] });
    expect(found.mounts.map(({ path, readOnly }) => [path, readOnly])).toEqual([
      ['/etc/hostname', true],
      ['/sys/fs/bpf', false],
    ]);
    expect(found.processes).toBe(false);
    const iterator = [
      { effect: 'iterator', what: '/sys/fs/bpf/y' },
    ] as unknown as Inspection['outside'];
    expect(needs({ outside: iterator, capabilities: [] }).mounts).toHaveLength(1);
  });

  it("is the host's processes where it reads of them", () => {
    const outside = (effect: string, what: string) =>
      needs({ outside: [{ effect, what }] as unknown as Inspection['outside'], capabilities: [] });
    expect(outside('read', '/proc/1/status')).toMatchObject({ processes: true, mounts: [] });
    expect(outside('write', '/proc/1/status').processes).toBe(false);
    const capabilities = [
      { capability: 'CAP_SYS_PTRACE', for: 'names' },
    ] as unknown as Inspection['capabilities'];
    expect(needs({ capabilities }).processes).toBe(true);
    expect(needs({ capabilities: [] }).processes).toBe(false);
  });

  it('is names of cgroups and of pods where it shows some, and events', () => {
    const paths = (rest: Partial<Inspection>) =>
      needs({ capabilities: [], ...rest }).mounts.map(({ path }) => path);
    const manifest = (maps: unknown, more = {}) => ({ manifest: { probes: [], maps, ...more } });
    expect(paths(manifest([]))).toEqual([]);
    expect(paths(manifest([], { x: { kind: 'cgroup_path' } }))).toEqual(['/sys/fs/cgroup']);
    expect(paths(manifest([{ metric: { cgroup: 0 } }]))).toEqual([
      ...['/sys/fs/cgroup', '/var/log/pods', '/var/log/containers'],
    ]);
    expect(paths(manifest([{ metric: {} }, {}]))).toEqual([]);
    const capabilities = [
      { capability: 'CAP_DAC_READ_SEARCH', for: 'to read tracefs' },
    ] as unknown as Inspection['capabilities'];
    expect(paths({ capabilities, ...probes() })).toEqual(['/sys/kernel/tracing']);
  });

  it('is an architecture where it is tied to one', () => {
    expect(needs({ ties: [] }).architecture).toBeUndefined();
    expect(needs({ ties: undefined }).architecture).toBe('x86_64');
    expect(needs({ ties: [{ reason: 'x', line: 1 }] }).architecture).toBe('x86_64');
  });

  it('is memory for full maps, on 16 CPUs where each has its own, in steps of 16 MiB from 64 on', () => {
    const of = (...maps: readonly unknown[]) =>
      memoryOf(having({ maps: maps as Inspection['maps'] }));
    const map = (type: string, maxEntries: number, valueSize = 56) => ({
      type,
      maxEntries,
      keySize: 8,
      valueSize,
    });
    expect(of()).toBe('64Mi');
    expect(of(map('hash', 1 << 18))).toBe('64Mi');
    expect(of(map('hash', (1 << 18) + 1))).toBe('80Mi');
    expect(of(map('ringbuf', 48 << 20, 1000))).toBe('80Mi');
    // 8 + 16 * 56 + 64 bytes each.
    for (const type of ['percpu_hash', 'lru_percpu_hash'])
      expect(of(map(type, 65_536))).toBe('96Mi');
  });

  it('is the time of the loader, in thousandths, one at least', () => {
    const of = (loader: number, elapsed: number) => cpuOf({ loader, elapsed });
    expect([of(0, 10), of(1, 1000), of(11, 10_000), of(25, 100)]).toEqual([
      '1m',
      '1m',
      '2m',
      '250m',
    ]);
  });
});

const OPTIONS: KubernetesOptions = {
  ...{ kind: 'DaemonSet', name: 'tool', namespace: 'tracing', image: 'loader:1' },
  ...{ loaderOptions: [], parameters: [], keys: new Map(), byKernelLabels: false, refusing: [] },
  ...{ memory: '64Mi', cpu: '5m' },
};
const HOST: HostNeeds = {
  ...{
    capabilities: new Map([
      ['PERFMON', ['b']],
      ['BPF', ['a', 'c']],
    ]),
    mounts: [],
    processes: false,
  },
  ...{ kernel: '5.8', architecture: undefined, openPaths: [] },
};
const object = Buffer.from('object');

type Part = Readonly<Record<string, unknown>>;

/** What is looked at of the parts that are made. */
interface Container extends Part {
  readonly args: readonly string[];
  readonly volumeMounts: readonly Part[];
  readonly securityContext: Part;
  readonly resources: Part;
}

interface Term {
  readonly matchExpressions: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

interface Pod extends Part {
  readonly containers: readonly [Container];
  readonly initContainers: readonly [Container];
  readonly volumes: readonly (Part & { readonly secret?: Part })[];
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly affinity: {
    readonly nodeAffinity: {
      readonly requiredDuringSchedulingIgnoredDuringExecution: {
        readonly nodeSelectorTerms: readonly Term[];
      };
    };
  };
}

interface Made {
  readonly namespace: { readonly metadata: Part };
  readonly workload: Part & {
    readonly spec: {
      readonly template: { readonly metadata: { readonly annotations: Part }; readonly spec: Pod };
    };
  };
  readonly configMap: { readonly metadata: { readonly name: string } };
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly notes: readonly string[];
}

const files = (options: Partial<KubernetesOptions> = {}, host: Partial<HostNeeds> = {}): Made =>
  kubernetesFiles(
    plain,
    object,
    { ...HOST, ...host },
    { ...OPTIONS, ...options },
  ) as unknown as Made;
const podOf = (...args: Parameters<typeof files>) => files(...args).workload.spec.template.spec;
const argsOf = (...args: Parameters<typeof files>) => podOf(...args).containers[0].args;

describe('files for a cluster', () => {
  it('are a namespace that may do it, and a DaemonSet or a Job', () => {
    const { namespace, workload } = files();
    expect(namespace.metadata).toEqual({
      name: 'tracing',
      labels: { 'pod-security.kubernetes.io/enforce': 'privileged' },
    });
    const labels = {
      'app.kubernetes.io/name': 'tool',
      'app.kubernetes.io/managed-by': 'bpfscript',
    };
    expect(workload).toMatchObject({
      ...{
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'tool', namespace: 'tracing', labels },
      },
      spec: {
        selector: { matchLabels: { 'app.kubernetes.io/name': 'tool' } },
        template: { metadata: { labels } },
      },
    });
    expect(podOf()).not.toHaveProperty('restartPolicy');
    const job = files({ kind: 'Job' }).workload;
    expect(job).toMatchObject({ apiVersion: 'batch/v1', kind: 'Job', spec: { backoffLimit: 0 } });
    expect(job.spec.template.spec.restartPolicy).toBe('Never');
  });

  it('hold the object and keys in a ConfigMap that is another one for other content', () => {
    const keys = new Map([['a.pub', Buffer.from('key')]]);
    const made = files({ keys });
    expect(made.configMap).toMatchObject({
      ...{ kind: 'ConfigMap', immutable: true },
      binaryData: {
        'a.pub': Buffer.from('key').toString('base64'),
        'tool.o': object.toString('base64'),
      },
    });
    expect([...made.files.keys()]).toEqual(['a.pub', 'tool.o']);
    const names = [files(), made, files({ keys: new Map([['b.pub', Buffer.from('key')]]) })].map(
      ({ configMap }) => configMap.metadata.name,
    );
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(name).toMatch(/^tool-[0-9a-f]{10}$/);
    expect(files().configMap.metadata.name).toBe(names[0]);
    expect(files({ configName: 'given' }).configMap.metadata.name).toBe('given');
    const [volume] = podOf({ keys }).volumes;
    expect(volume).toEqual({ name: 'files', configMap: { name: names[1] } });
  });

  it('have the object from an image or a registry where that is asked for', () => {
    const image = { objectImage: { reference: 'r/objects:1', path: '//x/tool.o' } };
    expect(files(image).configMap).toBeUndefined();
    expect(argsOf(image)).toEqual(['/object/x/tool.o']);
    expect(podOf(image).volumes).toEqual([{ name: 'object', image: { reference: 'r/objects:1' } }]);
    expect(podOf(image)).not.toHaveProperty('initContainers');
    const mounts = (options: Partial<KubernetesOptions>) =>
      podOf(options).containers[0].volumeMounts.map(({ name, mountPath }) => [name, mountPath]);
    expect(mounts({})).toEqual([['files', '/objects']]);
    expect(mounts(image)).toEqual([['object', '/object']]);
    expect(mounts({ ...image, keys: new Map([['k', object]]) })).toEqual([
      ['files', '/objects'],
      ['object', '/object'],
    ]);
    const pulled = { reference: 'r/a$b', image: 'compiler:1', architecture: undefined };
    const [pull] = podOf({ pulled }).initContainers;
    expect(pull).toMatchObject({
      image: 'compiler:1',
      args: ['pull', '-o', '/object/tool.o', 'r/a$$b'],
    });
    expect(pull.securityContext).toMatchObject({
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
    });
    expect([pull.volumeMounts.length, 'env' in pull, podOf({ pulled }).volumes.length]).toEqual([
      1,
      false,
      1,
    ]);
    expect(argsOf({ pulled })).toEqual(['/object/tool.o']);
    expect(mounts({ pulled })).toEqual([['object', '/object']]);
    const secret = { ...pulled, secret: 'pass', architecture: 'aarch64' };
    const [withSecret] = podOf({ pulled: secret }).initContainers;
    expect(withSecret.args).toContain('--arch=aarch64');
    expect(withSecret.env).toEqual([{ name: 'DOCKER_CONFIG', value: '/credentials' }]);
    expect(withSecret.volumeMounts[1]).toEqual({
      name: 'credentials',
      mountPath: '/credentials',
      readOnly: true,
    });
    expect(podOf({ pulled: secret }).volumes[1]?.secret?.secretName).toBe('pass');
  });

  it('give the loader its flags before the object, and parameters behind it, with nothing put in', () => {
    expect(argsOf()).toEqual(['/objects/tool.o']);
    expect(
      argsOf({
        ...{ port: 9100, maxOverhead: 2, keys: new Map([['k', object]]), loaderOptions: ['-q'] },
        parameters: ['$(HOME)', 'a', '$$'],
      }),
    ).toEqual([
      ...[
        '--metrics=[$(POD_IP)]:9100',
        '--max-overhead=2',
        '--verify=/objects',
        '-q',
        '/objects/tool.o',
      ],
      ...['--', '$$(HOME)', 'a', '$$$$'],
    ]);
  });

  it('serve metrics where that is asked for, and are found by them', () => {
    const { template } = files({ port: 9100 }).workload.spec;
    expect(template.metadata.annotations).toEqual({
      ...{ 'bpfscript/script': 'stdin', 'bpfscript/kernel': '>=5.8' },
      ...{ 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9100' },
    });
    expect(template.spec.containers[0].ports).toEqual([{ name: 'metrics', containerPort: 9100 }]);
    expect(podOf().containers[0]).not.toHaveProperty('ports');
    expect(files().workload.spec.template.metadata.annotations).not.toHaveProperty([
      'prometheus.io/port',
    ]);
  });

  it('let the loader do what it has to, and nothing else', () => {
    const [{ securityContext, resources }] = podOf().containers;
    expect(securityContext).toEqual({
      ...{ runAsUser: 0, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
      capabilities: { drop: ['ALL'], add: ['BPF', 'PERFMON'] },
    });
    expect(resources).toEqual({
      requests: { cpu: '5m', memory: '64Mi' },
      limits: { memory: '64Mi' },
    });
    expect(podOf()).toMatchObject({
      ...{ automountServiceAccountToken: false, enableServiceLinks: false },
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(podOf()).not.toHaveProperty('hostPID');
    expect(podOf({}, { processes: true }).hostPID).toBe(true);
    const mounts = [
      { path: '/a', readOnly: true, why: 'x' },
      { path: '/b', readOnly: false, why: 'y' },
    ];
    const pod = podOf({}, { mounts });
    expect(pod.containers[0].volumeMounts.slice(1)).toEqual([
      { name: 'host-0', mountPath: '/a', readOnly: true },
      { name: 'host-1', mountPath: '/b', readOnly: false },
    ]);
    expect(pod.volumes.slice(1)).toEqual([
      { name: 'host-0', hostPath: { path: '/a' } },
      { name: 'host-1', hostPath: { path: '/b' } },
    ]);
  });

  it('choose nodes by machine, and by kernel where these have labels', () => {
    expect(podOf().nodeSelector).toEqual({ 'kubernetes.io/os': 'linux' });
    const archOf = (architecture: string) =>
      podOf({}, { architecture }).nodeSelector['kubernetes.io/arch'];
    expect([archOf('x86_64'), archOf('aarch64'), archOf('riscv64')]).toEqual([
      'amd64',
      'arm64',
      'riscv64',
    ]);
    expect(podOf()).not.toHaveProperty('affinity');
    const terms = (kernel: string, refusing: readonly string[] = []) =>
      podOf(
        { byKernelLabels: true, refusing },
        { kernel },
      ).affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms.map(
        ({ matchExpressions }) =>
          matchExpressions.map(
            ({ key, operator, values }) =>
              `${key.replace(/.*kernel-version/, '')} ${operator} ${values}`,
          ),
      );
    expect(terms('5.17')).toEqual([['.major Gt 5'], ['.major In 5', '.minor Gt 16']]);
    expect(terms('6.0')).toEqual([['.major Gt 6'], ['.major In 6']]);
    expect(terms('5.8', ['6.1.0+x', '-6.2_'])[1]).toEqual([
      ...['.major In 5', '.minor Gt 7', '.full NotIn 6.1.0_x', '.full NotIn 6.2'],
    ]);
  });

  it('say why they are as they are', () => {
    const added =
      'Pod Security: privileged, since it takes capabilities that the other levels do not allow';
    expect(files().notes).toEqual([
      `${added}; all else is as restricted wants it, but that root runs it.`,
      ...['PERFMON: b.', 'BPF: a; c.'],
      'Kernels: Linux 5.8 or later; on others the loader ends with status 3.',
    ]);
    const mounts = [
      { path: '/a', readOnly: true, why: 'x' },
      { path: '/b', readOnly: false, why: 'y' },
    ];
    expect(
      files(
        { byKernelLabels: true, refusing: ['6.1', '6.2'] },
        { mounts, processes: true, capabilities: new Map(), openPaths: ['libc'] },
      ).notes,
    ).toEqual([
      `${added}, and folders of the host; all else is as restricted wants it, but that root runs it.`,
      ...['/a: x.', '/b (writable): y.', 'hostPID: names in processes of the host.'],
      'Kernels: Linux 5.8 or later, by labels of Node Feature Discovery.',
      'Not on 6.1, 6.2, which refuse it (bpfscript check).',
      'libc: only the host knows what it is; --mount has to name a folder that it is in.',
    ]);
  });
});
