/** An object as a DaemonSet or a Job of Kubernetes, with what it needs of its nodes and no more. */
import { createHash } from 'node:crypto';
import type { Inspection } from '../../linker/inspect/inspection.ts';
import type { HostNeeds, Mount } from './needs.ts';
import type { Data } from './yaml.ts';

export interface KubernetesOptions {
  readonly kind: 'DaemonSet' | 'Job';
  /** Of everything that is made. */
  readonly name: string;
  readonly namespace: string;
  /** The image of the loader, whose entry point it is. */
  readonly image: string;
  /** An image that holds the object, and its path in it; undefined: it stands in a ConfigMap. */
  readonly objectImage?: { readonly reference: string; readonly path: string };
  /** What an init container pulls from a registry instead. */
  readonly pulled?: Pulled;
  /** Where metrics are served; undefined: nowhere. */
  readonly port?: number;
  readonly maxOverhead?: number;
  readonly loaderOptions: readonly string[];
  /** Of the script. */
  readonly parameters: readonly string[];
  /** Public keys, one of which the object has to be signed with, by the names of their files. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
  /** Nodes have the labels of Node Feature Discovery, by which those with older kernels are passed over. */
  readonly byKernelLabels: boolean;
  /** Releases of kernels that are known to refuse the object; by the same labels. */
  readonly refusing: readonly string[];
  readonly memory: string;
  /** Of a CPU: what the loader takes, since programs run in the time of what they trace. */
  readonly cpu: string;
  /** Something else makes the ConfigMap, of this name, and puts a digest behind it. */
  readonly configName?: string;
}

export interface Pulled {
  /** Of the artifact, with its digest. */
  readonly reference: string;
  /** Of the compiler, whose entry point `bpfscript` is. */
  readonly image: string;
  /** A secret of the type kubernetes.io/dockerconfigjson; undefined: anybody may pull it. */
  readonly secret?: string;
  readonly architecture: string | undefined;
}

/** The most that a ConfigMap holds is 1 MiB, and names and keys stand in it, too. */
export const MOST_IN_CONFIG_MAP = 1_000_000;

const FOLDER = '/objects';
/** Of an object that an image holds, or an init container has brought. */
const OBJECT_FOLDER = '/object';
const CREDENTIALS = '/credentials';

/** As Kubernetes calls machines. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

export interface KubernetesFiles {
  readonly namespace: Data;
  readonly workload: Data;
  /** Undefined where an image holds the object. */
  readonly configMap: Data | undefined;
  /** What stands in the ConfigMap. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Why the namespace has to be as it is, and what else there is to know: sentences. */
  readonly notes: readonly string[];
}

export function kubernetesFiles(
  inspection: Inspection,
  object: Uint8Array,
  needs: HostNeeds,
  options: KubernetesOptions,
): KubernetesFiles {
  const file = `${options.name}.o`;
  const files = new Map(options.keys);
  if (!options.objectImage && !options.pulled) files.set(file, object);
  const configName =
    files.size > 0 ? (options.configName ?? `${options.name}-${digestOf(files)}`) : undefined;
  const labels = {
    'app.kubernetes.io/name': options.name,
    'app.kubernetes.io/managed-by': 'bpfscript',
  };
  const pod = podTemplate(inspection, needs, options, { labels, file, configName });
  const metadata = { name: options.name, namespace: options.namespace, labels };
  return {
    namespace: {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: options.namespace,
        labels: { 'pod-security.kubernetes.io/enforce': 'privileged' },
      },
    },
    workload:
      options.kind === 'DaemonSet'
        ? {
            apiVersion: 'apps/v1',
            kind: 'DaemonSet',
            metadata,
            spec: {
              selector: { matchLabels: { 'app.kubernetes.io/name': options.name } },
              updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
              template: pod,
            },
          }
        : {
            apiVersion: 'batch/v1',
            kind: 'Job',
            metadata,
            spec: { backoffLimit: 0, template: pod },
          },
    configMap:
      configName === undefined
        ? undefined
        : {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { ...metadata, name: configName },
            immutable: true,
            binaryData: Object.fromEntries(
              [...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]),
            ),
          },
    files,
    notes: notesOf(needs, options),
  };
}

/** A new object is a new ConfigMap, so that pods are rolled, and old ones keep what they have. */
function digestOf(files: ReadonlyMap<string, Uint8Array>): string {
  const hash = createHash('sha256');
  for (const [name, bytes] of files) hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  return hash.digest('hex').slice(0, 10);
}

interface Names {
  readonly labels: Readonly<Record<string, string>>;
  readonly file: string;
  readonly configName: string | undefined;
}

function podTemplate(
  inspection: Inspection,
  needs: HostNeeds,
  options: KubernetesOptions,
  { labels, file, configName }: Names,
): Data {
  const { port } = options;
  const mounts = needs.mounts.map((mount, index) => ({ ...mount, name: `host-${index}` }));
  return {
    metadata: {
      labels,
      annotations: {
        'bpfscript/script': inspection.script,
        'bpfscript/kernel': `>=${needs.kernel}`,
        ...(port === undefined
          ? {}
          : { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(port) }),
      },
    },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(needs.processes ? { hostPID: true } : {}),
      ...(options.kind === 'Job' ? { restartPolicy: 'Never' } : {}),
      // SIGTERM ends tracing with all results; probes are taken away one by one.
      terminationGracePeriodSeconds: 60,
      nodeSelector: {
        'kubernetes.io/os': 'linux',
        ...(needs.architecture === undefined
          ? {}
          : { 'kubernetes.io/arch': ARCHITECTURES[needs.architecture] ?? needs.architecture }),
      },
      ...(options.byKernelLabels
        ? { affinity: kernelAffinity(needs.kernel, options.refusing) }
        : {}),
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      ...(options.pulled ? { initContainers: [pulling(options.pulled, file)] } : {}),
      containers: [
        {
          name: 'bpfload',
          image: options.image,
          args: argumentsOf(options, file),
          ...(port === undefined ? {} : serving(port)),
          securityContext: {
            // Capabilities that are added reach no other user (there are no ambient ones); the loader gives them up
            // once everything is attached.
            runAsUser: 0,
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'], add: [...needs.capabilities.keys()].sort() },
          },
          resources: {
            requests: { cpu: options.cpu, memory: options.memory },
            limits: { memory: options.memory },
          },
          volumeMounts: [
            ...(configName === undefined
              ? []
              : [{ name: 'files', mountPath: FOLDER, readOnly: true }]),
            ...(options.objectImage || options.pulled
              ? [{ name: 'object', mountPath: OBJECT_FOLDER, readOnly: true }]
              : []),
            ...mounts.map(({ name, path, readOnly }) => ({ name, mountPath: path, readOnly })),
          ],
        },
      ],
      volumes: [
        ...(configName === undefined ? [] : [{ name: 'files', configMap: { name: configName } }]),
        ...(options.objectImage
          ? [{ name: 'object', image: { reference: options.objectImage.reference } }]
          : []),
        ...(options.pulled ? pulledVolumes(options.pulled) : []),
        ...mounts.map((mount) => ({ name: mount.name, hostPath: { path: mount.path } })),
      ],
    },
  };
}

function argumentsOf(options: KubernetesOptions, file: string): readonly string[] {
  const { port, maxOverhead, objectImage } = options;
  return [
    // The address is IPv4 or IPv6; brackets take both.
    ...(port === undefined ? [] : [`--metrics=[$(POD_IP)]:${port}`]),
    ...(maxOverhead === undefined ? [] : [`--max-overhead=${maxOverhead}`]),
    ...(options.keys.size > 0 ? [`--verify=${FOLDER}`] : []),
    ...options.loaderOptions,
    objectImage
      ? `${OBJECT_FOLDER}/${objectImage.path.replace(/^\/+/, '')}`
      : `${options.pulled ? OBJECT_FOLDER : FOLDER}/${file}`,
    ...(options.parameters.length > 0 ? ['--', ...options.parameters.map(literally)] : []),
  ];
}

/** Kubernetes puts variables in where it reads $(NAME), and $ where it reads $$. */
function literally(word: string): string {
  return word.replaceAll('$', '$$$$');
}

/** Gets the object; it traces nothing and needs no rights. */
function pulling({ reference, image, secret, architecture }: Pulled, file: string): Data {
  const arch = architecture === undefined ? [] : [`--arch=${architecture}`];
  return {
    name: 'pull',
    image,
    args: ['pull', ...arch, '-o', `${OBJECT_FOLDER}/${file}`, literally(reference)],
    ...(secret === undefined ? {} : { env: [{ name: 'DOCKER_CONFIG', value: CREDENTIALS }] }),
    securityContext: {
      runAsUser: 65534,
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    resources: { requests: { cpu: '10m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    volumeMounts: [
      { name: 'object', mountPath: OBJECT_FOLDER, readOnly: false },
      ...(secret === undefined
        ? []
        : [{ name: 'credentials', mountPath: CREDENTIALS, readOnly: true }]),
    ],
  };
}

function pulledVolumes({ secret }: Pulled): readonly Data[] {
  return [
    { name: 'object', emptyDir: { sizeLimit: '64Mi' } },
    ...(secret === undefined
      ? []
      : [
          {
            name: 'credentials',
            secret: {
              secretName: secret,
              items: [{ key: '.dockerconfigjson', path: 'config.json' }],
            },
          },
        ]),
  ];
}

function serving(port: number) {
  const health = { httpGet: { path: '/healthz', port: 'metrics' } };
  return {
    env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
    ports: [{ name: 'metrics', containerPort: port }],
    // It answers once everything is attached, which takes a while where probes are many.
    startupProbe: { ...health, periodSeconds: 2, failureThreshold: 60 },
    readinessProbe: { ...health, periodSeconds: 10 },
    livenessProbe: { ...health, periodSeconds: 30, timeoutSeconds: 5 },
  };
}

/** As Node Feature Discovery makes a label's value of a release. */
function labelOf(release: string): string {
  return release.replace(/[^-A-Za-z0-9_.]/g, '_').replace(/^[-_.]+|[-_.]+$/g, '');
}

/** A later major version, or the same with a minor one that is not less; and none that refuses the object. */
function kernelAffinity(kernel: string, refusing: readonly string[]): Data {
  const [major = 0, minor = 0] = kernel.split('.').map(Number);
  const label = 'feature.node.kubernetes.io/kernel-version';
  const others = refusing.map(labelOf).map((value) => ({
    key: `${label}.full`,
    operator: 'NotIn',
    values: [value],
  }));
  const above = (part: 'major' | 'minor', value: number) => ({
    key: `${label}.${part}`,
    operator: 'Gt',
    values: [String(value)],
  });
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [above('major', major), ...others] },
          {
            matchExpressions: [
              { key: `${label}.major`, operator: 'In', values: [String(major)] },
              ...(minor > 0 ? [above('minor', minor - 1)] : []),
              ...others,
            ],
          },
        ],
      },
    },
  };
}

function notesOf(needs: HostNeeds, options: KubernetesOptions): readonly string[] {
  return [
    `Pod Security: privileged, since ${reasons(needs.mounts)}; all else is as restricted wants it, but that root runs it.`,
    ...[...needs.capabilities].map(([name, why]) => `${name}: ${why.join('; ')}.`),
    ...needs.mounts.map(
      ({ path, why, readOnly }) => `${path}${readOnly ? '' : ' (writable)'}: ${why}.`,
    ),
    ...(needs.processes ? ['hostPID: names in processes of the host.'] : []),
    `Kernels: Linux ${needs.kernel} or later${options.byKernelLabels ? ', by labels of Node Feature Discovery' : '; on others the loader ends with status 3'}.`,
    ...(options.refusing.length > 0
      ? [`Not on ${options.refusing.join(', ')}, which refuse it (bpfscript check).`]
      : []),
    ...needs.openPaths.map(
      (path) =>
        `${path}: only the host knows what it is; --mount has to name a folder that it is in.`,
    ),
  ];
}

function reasons(mounts: readonly Mount[]): string {
  const added = 'it takes capabilities that the other levels do not allow';
  return mounts.length === 0 ? added : `${added}, and folders of the host`;
}
