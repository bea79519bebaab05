/** `bpfscript kube`: manifests that are held against Kubernetes' own types. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../../support/build.ts';
import { bpfscript } from '../../support/command.ts';
import { runHere } from '../../support/command-here.ts';
import { descriptionOf } from '../../support/machine.ts';
import { needs } from '../../support/needs.ts';
import { registries } from '../../support/registry.ts';

const folder = temporaryFolder();
const { bpfscript: pushing, registry, folder: registryFolder } = registries();
const root = join(import.meta.dirname, '../../..');

interface Container {
  readonly args: readonly string[];
  readonly securityContext: { readonly capabilities: { readonly add: readonly string[] } };
  readonly volumeMounts: readonly { readonly mountPath: string; readonly readOnly: boolean }[];
  readonly [name: string]: unknown;
}
interface Pod {
  readonly initContainers?: readonly Container[];
  readonly hostPID?: boolean;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly containers: readonly [Container];
  readonly [name: string]: unknown;
}
interface Item {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly binaryData?: Readonly<Record<string, string>>;
  readonly spec: { readonly template: { readonly spec: Pod } };
}

function kube(...words: readonly string[]) {
  return runHere(['kube', ...words]);
}

async function itemsOf(...words: readonly string[]): Promise<readonly Item[]> {
  const { stdout, stderr, status } = await kube('--json', ...words);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return (JSON.parse(stdout) as { readonly items: readonly Item[] }).items;
}

async function podOf(script: string, ...words: readonly string[]): Promise<Pod> {
  const items = await itemsOf(writeObject(folder, 'tool', script), ...words);
  const pod = items.at(-1)?.spec.template.spec;
  if (!pod) throw new Error('there is no workload');
  return pod;
}

const PINNED = `registry.example/tools/tool@sha256:${'1'.repeat(64)}`;
const TRACEPOINT = 'tracepoint:syscalls:sys_enter_close { @ = count(); }';

it('has the capabilities, mounts and nodes that the object needs', async () => {
  const pod = await podOf(TRACEPOINT, '--no-max-overhead');
  const [container] = pod.containers;
  expect(container.securityContext).toEqual({
    runAsUser: 0,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'], add: ['BPF', 'DAC_READ_SEARCH', 'PERFMON'] },
  });
  expect(container.volumeMounts.map(({ mountPath, readOnly }) => [mountPath, readOnly])).toEqual([
    ['/objects', true],
    ['/sys/kernel/tracing', true],
  ]);
  expect(container.args).toEqual(['--metrics=[$(POD_IP)]:9435', '/objects/tool.o']);
  expect(pod.hostPID).toBe(undefined);
  expect(pod.nodeSelector).toEqual({ 'kubernetes.io/os': 'linux' });

  const names = await podOf(
    'uprobe:/bin/sh:main { @[ustack] = count(); print(arg0); }',
    '--kernel',
    '6.12',
  );
  expect(names.containers[0].securityContext.capabilities.add).toEqual([
    'BPF',
    'PERFMON',
    'SYS_ADMIN',
    'SYS_PTRACE',
  ]);
  expect(names.hostPID).toBe(true);
  expect(names.containers[0].volumeMounts.map(({ mountPath }) => mountPath)).toContain('/bin/sh');
  // A register of one architecture.
  expect(names.nodeSelector['kubernetes.io/arch']).toBe('amd64');
  expect(names.containers[0].args).toContain('--max-overhead=5');
});

it('mounts what names containers where metrics do', async () => {
  const script = (clause: string) =>
    `// bpfscript: metric @ opens_total labels cgroup${clause}\ntracepoint:syscalls:sys_enter_openat { @[cgroup] = count(); }`;
  const mounted = async (clause: string): Promise<readonly string[]> =>
    (await podOf(script(clause))).containers[0].volumeMounts.map(({ mountPath }) => mountPath);
  const folders = ['/sys/fs/cgroup', '/var/log/pods', '/var/log/containers'];
  expect(await mounted(' containers cgroup')).toEqual(expect.arrayContaining(folders));
  for (const path of folders) expect(await mounted('')).not.toContain(path);
});

it('holds the object in a ConfigMap of its own, byte for byte, and parameters that Kubernetes leaves alone', async () => {
  const file = writeObject(folder, 'My_Tool', TRACEPOINT);
  const [, map, workload] = await itemsOf(file, '--', '--name=$(X)', '10');
  expect(map?.metadata.name).toMatch(/^my-tool-[0-9a-f]{10}$/);
  expect(Buffer.from(map?.binaryData?.['my-tool.o'] ?? '', 'base64')).toEqual(readFileSync(file));
  expect(workload?.spec.template.spec.containers[0].args.slice(-3)).toEqual([
    '--',
    '--name=$$(X)',
    '10',
  ]);
  expect(JSON.stringify(workload)).toContain(`"configMap":{"name":"${map?.metadata.name}"}`);
});

it('chooses nodes by their kernels where they have labels, and takes objects of images', async () => {
  const pod = await podOf(
    TRACEPOINT,
    '--kernel-labels',
    '--kernel',
    '6.1',
    '--object-image',
    'objects:1',
  );
  const label = 'feature.node.kubernetes.io/kernel-version';
  expect(pod.affinity).toEqual({
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: `${label}.major`, operator: 'Gt', values: ['6'] }] },
          {
            matchExpressions: [
              { key: `${label}.major`, operator: 'In', values: ['6'] },
              { key: `${label}.minor`, operator: 'Gt', values: ['0'] },
            ],
          },
        ],
      },
    },
  });
  expect(pod.volumes).toContainEqual({ name: 'object', image: { reference: 'objects:1' } });
  expect(pod.containers[0].args.at(-1)).toBe('/object/tool.o');
});

it('is what Kubernetes takes, in each form', async () => {
  const file = writeObject(
    folder,
    'all',
    'uprobe:/bin/sh:main { @[ustack, cgroup_path(cgroup)] = count(); print(arg0); } tracepoint:syscalls:sys_enter_close { @h = hist(1); }',
  );
  const forms = [
    [],
    ['--kind', 'job', '--timeout', '1m'],
    ['--no-metrics', '--kernel-labels', '--object-image', 'objects:1', '--mount', '/usr/lib'],
    ['--pull', PINNED, '--pull-secret', 'registry', '--check', 'default'],
  ];
  // The models know types and what has to be there; the compiler knows which members there are.
  const models = 'kubernetes-models';
  const lines = [];
  for (const [index, words] of forms.entries()) {
    for (const item of await itemsOf(file, ...words)) {
      const group = { DaemonSet: 'apps/v1', Job: 'batch/v1' }[item.kind] ?? 'v1';
      const module = (await import(`${models}/${group}`)) as Readonly<
        Record<string, new (data: unknown) => { validate(): void }>
      >;
      const Model = module[item.kind];
      if (!Model) throw new Error(`${item.kind} is unknown`);
      new Model(item).validate();
      lines.push(
        `import { I${item.kind} as I${item.kind}${index} } from '${models}/${group}';\nexport const a${lines.length}: I${item.kind}${index} = ${JSON.stringify(item)};`,
      );
    }
  }
  expect(lines.length).toBe(10);
  const [right = '', wrong = ''] = ['right', 'wrong'].map((name) =>
    join(root, 'test', `.kubernetes-${name}-${process.pid}.ts`),
  );
  writeFileSync(right, lines.join('\n'));
  writeFileSync(wrong, lines.join('\n').replace('"hostPID"', '"hostPids"'));
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext'];
  const words = [...options, '--target', 'es2022', right, wrong];
  try {
    const { stdout } = spawnSync(join(root, 'node_modules/.bin/tsc'), words, {
      cwd: root,
      encoding: 'utf8',
    });
    // It notices what is wrong, and that alone.
    const faults = stdout.split('\n').filter((line) => /^\S/.test(line));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`${basename(wrong)}(`);
    expect(faults[0]).toContain('hostPids');
  } finally {
    execFileSync('rm', ['-f', right, wrong]);
  }
});

needs('kubectl').it('becomes the same by way of kustomize', async () => {
  const file = writeObject(folder, 'base', TRACEPOINT);
  const base = join(folder, 'base');
  expect(await kube(file, '-o', base)).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect(readdirSync(base).sort()).toEqual([
    'base.o',
    'kustomization.yaml',
    'namespace.yaml',
    'workload.yaml',
  ]);
  const text = execFileSync('kubectl', ['kustomize', base], { encoding: 'utf8' });
  const [, digest] = /name: base-files-(\w+)$/m.exec(text) ?? [];
  expect(text.match(new RegExp(`name: base-files-${digest}$`, 'gm'))).toHaveLength(2);
  expect(text.replace(/\s/g, '')).toContain(readFileSync(file).toString('base64'));
  // What is printed is the same YAML to a parser as to us.
  const printed = await kube(file);
  writeFileSync(join(base, 'printed.yaml'), printed.stdout);
  writeFileSync(join(base, 'kustomization.yaml'), 'resources: [printed.yaml]\n');
  const parsed = execFileSync('kubectl', ['kustomize', base], { encoding: 'utf8' });
  expect(parsed).toContain('- --metrics=[$(POD_IP)]:9435\n');
  expect(parsed).toContain('pod-security.kubernetes.io/enforce: privileged');
});

it('asks for the CPU that the loader was seen to take', async () => {
  const lines = [
    '{"type": "printf", "data": "\\"cost\\""}',
    '{"type": "cost", "data": [], "elapsed": 1000000000, "loader": 900000000}',
    '{"type": "cost", "data": [], "elapsed": 10000000000, "loader": 123456789}',
    'text with "cost"',
  ];
  const cost = join(folder, 'cost.json');
  writeFileSync(cost, lines.join('\n'));
  const cpuOf = async (...words: readonly string[]) =>
    ((await podOf(TRACEPOINT, ...words)).containers[0].resources as { requests: { cpu: string } })
      .requests.cpu;
  expect(await cpuOf('--cost', cost)).toBe('13m');
  expect(await cpuOf()).toBe('10m');
  for (const text of ['', '{"type": "cost"}', '{"type": "cost", "elapsed": 0, "loader": 1}']) {
    writeFileSync(cost, text);
    const file = writeObject(folder, 'tool', TRACEPOINT);
    expect(await kube(file, '--cost', cost)).toMatchObject({ status: 1, stdout: '' });
  }
});

it('has an init container pull the object, with no rights', async () => {
  const pod = await podOf(TRACEPOINT, '--pull', PINNED, '--pull-secret', 'registry');
  expect(pod.initContainers).toMatchObject([
    {
      args: ['pull', '-o', '/object/tool.o', PINNED],
      env: [{ name: 'DOCKER_CONFIG', value: '/credentials' }],
      securityContext: { runAsNonRoot: true, capabilities: { drop: ['ALL'] } },
    },
  ]);
  expect(pod.containers[0].args.at(-1)).toBe('/object/tool.o');
  expect(pod.volumes).toContainEqual({ name: 'object', emptyDir: { sizeLimit: '64Mi' } });
  const [, ...rest] = await itemsOf(
    writeObject(folder, 'tool', TRACEPOINT),
    ...['--pull', PINNED, '--pull-secret', 'registry'],
  );
  expect(rest.map(({ kind }) => kind)).toEqual(['DaemonSet']);
});

needs('docker-registry').it('is started with what the registry has under that digest', async () => {
  const { host } = await registry('pulled');
  const file = writeObject(registryFolder, 'tool', TRACEPOINT);
  const pushed = await pushing(['push', file, `${host}/tools/tool:1`]);
  const pod = await podOf(TRACEPOINT, '--pull', pushed.stdout.trim());
  const words = pod.initContainers?.[0]?.args ?? [];
  const into = join(registryFolder, 'init.o');
  const pulled = await pushing(words.map((word) => word.replace('/object/tool.o', into)));
  expect(pulled).toMatchObject({ status: 0, stderr: '' });
  expect(readFileSync(into)).toEqual(readFileSync(file));
});

for (const series of ['6.1', '6.12'] as const)
  needs(`Linux ${series}`).it(`knows whether Linux ${series} refuses the object`, async () => {
    // It came with Linux 6.10.
    const script = 'tracepoint:sched:sched_prepare_exec { @ = count(); }';
    const file = writeObject(folder, 'exec', script);
    const own = descriptionOf(series);
    const pod = JSON.stringify((await itemsOf(file, '--check', 'default', '--check', own)).at(-1));
    const key = 'feature.node.kubernetes.io/kernel-version.full';
    const left = pod.match(
      new RegExp(`"key":"${key}","operator":"NotIn","values":\\["${series}`, 'g'),
    );
    expect(left?.length ?? 0).toBe(series === '6.1' ? 2 : 0);
    const alone = await kube(file, '--check', own);
    expect(alone.status).toBe(series === '6.1' ? 3 : 0);
  });

it('says why the namespace is privileged, and what each capability is for', async () => {
  const file = writeObject(folder, 'said', TRACEPOINT);
  const said = await kube(file);
  // The command as it is built says the same.
  expect(bpfscript(['kube', file])).toEqual(said);
  const { stdout } = said;
  expect(stdout).toMatch(/^# Pod Security: privileged, since it takes capabilities/);
  expect(stdout).toContain('# SYS_ADMIN: to measure what probes cost (--max-overhead).\n');
  expect(stdout).toContain(
    '# Kernels: Linux 5.8 or later; on others the loader ends with status 3.\n',
  );
});

it.each([
  [['--name', 'Big'], '--name takes at most 52 small letters, digits and -, not Big'],
  [['--metrics', '0'], '--metrics takes a port from 1 to 65535, not 0'],
  [['--max-overhead', 'x'], '--max-overhead takes a number above 0, not x'],
  [['--timeout', '1m'], '--timeout is for --kind job: a DaemonSet begins anew what has ended'],
  [['--memory', '1'], '--memory takes a size such as 256Mi, not 1'],
  [['--kernel', 'new'], '--kernel takes a version such as 6.10, not new'],
  [['--pull', 'registry.example/tools/tool:1.0'], '--pull takes a name with its digest'],
  [['--pull', PINNED, '--object-image', 'x'], '--object-image and --pull exclude each other'],
  [['--pull', PINNED, '--pull-secret', 'A_B'], '--pull-secret takes at most'],
  [['--mount', 'x'], '--mount takes a path from / on, not x'],
  [['--verify', 'x.key'], '--verify takes public keys, NAME.pub, not x.key'],
  [['--verify', '.pub.key'], '--verify takes public keys, NAME.pub, not .pub.key'],
])('refuses %j', async (words, message) => {
  const { status, stderr, stdout } = await kube(writeObject(folder, 'tool', TRACEPOINT), ...words);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(message);
});

it('runs the object where it is signed with a key that is named', async () => {
  const key = join(folder, 'own.pub');
  writeFileSync(key, 'a public key');
  const pod = await podOf(TRACEPOINT, '--verify', key);
  expect(pod.containers[0].args).toContain('--verify=/objects');
  expect((await podOf(TRACEPOINT)).containers[0].args.join(' ')).not.toContain('--verify');
  const items = await itemsOf(writeObject(folder, 'tool', TRACEPOINT), '--verify', key);
  const held = items.find(({ kind }) => kind === 'ConfigMap')?.binaryData?.['own.pub'];
  expect(Buffer.from(held ?? '', 'base64').toString()).toBe('a public key');
});

it('refuses what is no object, and what the loader would refuse', async () => {
  const wrong = join(folder, 'wrong.o');
  writeFileSync(wrong, 'text');
  expect(await kube(wrong)).toMatchObject({ status: 5, stdout: '' });
  const file = writeObject(folder, 'runs', 'BEGIN { system("date"); }', { unsafe: true });
  const { status, stderr } = await kube(file);
  expect(status).toBe(1);
  expect(stderr).toContain('which the loader will refuse');
  expect((await podOf(TRACEPOINT)).containers[0].args).not.toContain('--unsafe');
});
