import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Command, Option } from 'commander';
import { inspectObject } from '../../../linker/inspect.ts';
import {
  type KubernetesFiles,
  type KubernetesOptions,
  kubernetesFiles,
  MOST_IN_CONFIG_MAP,
  type Pulled,
} from '../../deployment/kubernetes.ts';
import { cpuOf, type HostNeeds, hostNeeds, memoryOf } from '../../deployment/needs.ts';
import { type Data, toYaml } from '../../deployment/yaml.ts';
import { checkedOn } from '../check-objects.ts';
import { reasonOf, UserError } from '../errors.ts';
import { noObject, readInput } from '../input.ts';
import { writeWhole } from '../output.ts';
import { referenceOf } from '../registry.ts';
import { collect } from '../script.ts';
import { EXIT } from '../status.ts';
import { version } from '../version.ts';

interface KubeOptions {
  readonly kind: 'daemonset' | 'job';
  readonly name?: string;
  readonly namespace: string;
  readonly image: string;
  readonly objectImage?: string;
  readonly pull?: string;
  readonly pullImage: string;
  readonly pullSecret?: string;
  readonly cost?: string;
  readonly check?: readonly string[];
  readonly metrics: string | false;
  readonly maxOverhead: string | false;
  readonly timeout?: string;
  readonly memory?: string;
  readonly kernel?: string;
  readonly kernelLabels?: boolean;
  readonly mount: readonly string[];
  readonly verify: readonly string[];
  readonly unsafe?: boolean;
  readonly allowRun?: boolean;
  readonly allowWrite: readonly string[];
  readonly json?: boolean;
  readonly output?: string;
}

const append = (word: string, before: readonly string[]): readonly string[] => [...before, word];
/** Names of objects in Kubernetes that stand in host names, too (RFC 1123), with room for a digest behind them. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/;

export function registerKube(program: Command): void {
  program
    .command('kube')
    .summary('print manifests of Kubernetes for an object')
    .description(
      'Prints a namespace, a ConfigMap with the object, and a DaemonSet or a Job that runs it, with the capabilities, mounts ' +
        'and nodes that the object needs, and no more.',
    )
    .argument('<object>', 'an object that `bpfscript build` wrote')
    .argument('[parameters...]', "the script's parameters, behind --")
    .addOption(
      new Option('--kind <kind>', 'one on each node, or one that ends')
        .choices(['daemonset', 'job'])
        .default('daemonset'),
    )
    .option('--name <name>', 'of everything; without it, that of the object')
    .option('--namespace <name>', 'where it runs', 'tracing')
    .option('--image <reference>', "the loader's image", `bpfload:${version()}`)
    .option(
      '--object-image <reference>',
      'an image that holds the object, mounted as an image volume, instead of a ConfigMap',
    )
    .option(
      '--pull <reference>',
      'an artifact that `bpfscript push` made, with its digest, which an init container pulls, instead of a ConfigMap',
    )
    .option(
      '--pull-image <reference>',
      "the compiler's image, which pulls",
      `bpfscript:${version()}`,
    )
    .option('--pull-secret <name>', 'the secret with credentials for that, as for images')
    .option('--metrics <port>', 'the port of metrics and health', '9435')
    .option('--no-metrics', 'no port: no metrics and no probes of health')
    .option('--max-overhead <percent>', 'what tracing may take of one CPU', '5')
    .option('--no-max-overhead', 'do not measure it, which takes CAP_SYS_ADMIN')
    .option('--timeout <time>', 'end after 30s, 5m or 2h: jobs alone')
    .option(
      '--memory <size>',
      'of the container: 256Mi; without it, what the object can come to hold',
    )
    .option(
      '--cost <file>',
      'what `bpfload -f json --cost` printed: the CPU that the loader takes is asked for',
    )
    .option('--kernel <version>', 'all nodes have this kernel or a later one: 6.10')
    .option('--kernel-labels', 'choose nodes by the labels of Node Feature Discovery')
    .option(
      '--check <kernel>',
      'check the object on this kernel, as `bpfscript check --kernel` does, and leave out nodes that have it where it refuses; may be repeated',
      collect,
    )
    .addOption(
      new Option('--mount <path>', "mount this of the node's, for reading; may be repeated")
        .argParser(append)
        .default([], ''),
    )
    .addOption(
      new Option(
        '--verify <file>',
        'run the object only if it is signed with this key; may be repeated',
      )
        .argParser(append)
        .default([], ''),
    )
    .option('--unsafe', 'allow what changes the system')
    .option('--allow-run', 'allow commands (the image has to have them)')
    .addOption(
      new Option('--allow-write <path>', 'allow what is written and pinned there; may be repeated')
        .argParser(append)
        .default([], ''),
    )
    .option('--json', 'as JSON, a List')
    .option('-o, --output <folder>', 'write a base for kustomize there')
    .addHelpText(
      'after',
      `
Examples:
  bpfscript kube tool.o | kubectl apply -f -
  bpfscript kube tool.o --kind job --timeout 1m -- --comm=nginx
  bpfscript kube tool.o --check 6.1 --check 6.12 --pull registry.example/tools/tool@sha256:...
  bpfscript kube tool.o -o base && kubectl apply -k base`,
    )
    .action(printManifests);
}

function printManifests(file: string, parameters: readonly string[], options: KubeOptions): void {
  const object = readInput(file);
  const inspection = inspect(file, object);
  const needs = withMounts(
    hostNeeds(inspection, {
      measured: options.maxOverhead !== false,
      ...(options.kernel === undefined ? {} : { kernel: versionOf(options.kernel) }),
    }),
    options,
  );
  const name = nameOf(file, options);
  const size = object.length;
  if (options.objectImage !== undefined && options.pull !== undefined)
    throw usage('--object-image and --pull exclude each other');
  if (
    options.objectImage === undefined &&
    options.pull === undefined &&
    size > (MOST_IN_CONFIG_MAP * 3) / 4
  )
    throw new UserError(`${file} has ${size} bytes, and a ConfigMap holds less`, {
      hint: 'Put it into an image and name that with --object-image, or into a registry and --pull it.',
    });
  const effects = inspection.outside.filter((effect) => !isAllowed(effect.needs, options));
  if (effects[0])
    throw new UserError(
      `${file} ${effects[0].does} (${effects[0].what}), which the loader will refuse`,
      { hint: 'Allow it with --unsafe, --allow-run or --allow-write PATH.' },
    );
  const chosen: KubernetesOptions = {
    kind: options.kind === 'job' ? 'Job' : 'DaemonSet',
    name,
    namespace: checkedName(options.namespace, '--namespace'),
    image: options.image,
    ...(options.objectImage === undefined
      ? {}
      : { objectImage: { reference: options.objectImage, path: basename(file) } }),
    ...(options.pull === undefined
      ? {}
      : { pulled: pulledBy(options.pull, options, needs.architecture) }),
    ...numbers(options),
    loaderOptions: loaderOptions(options),
    parameters,
    keys: new Map(options.verify.map((key) => [keyName(key), readInput(key)])),
    byKernelLabels: options.kernelLabels === true || options.check !== undefined,
    refusing: refusing(file, object, options.check ?? []),
    cpu: options.cost === undefined ? '10m' : cpuOf(costIn(options.cost)),
    memory: memory(options) ?? memoryOf(inspection),
    ...(options.output === undefined ? {} : { configName: `${name}-files` }),
  };
  const made = kubernetesFiles(inspection, object, needs, chosen);
  if (options.output === undefined) process.stdout.write(textOf(made, options.json === true));
  else writeBase(options.output, made, chosen);
}

function pulledBy(
  text: string,
  { pullImage, pullSecret }: KubeOptions,
  architecture: string | undefined,
): Pulled {
  if (referenceOf(text).digest === undefined)
    throw new UserError('--pull takes a name with its digest, as `bpfscript push` prints it', {
      status: EXIT.usage,
    });
  const secret =
    pullSecret === undefined ? {} : { secret: checkedName(pullSecret, '--pull-secret') };
  return { reference: text, image: pullImage, ...secret, architecture };
}

/** The releases of those kernels that the object does not load on. */
function refusing(file: string, object: Uint8Array, kernels: readonly string[]): readonly string[] {
  const checked = checkedOn(file, object, kernels);
  if (checked.length > 0 && !checked.some(({ loads }) => loads))
    throw new UserError(`${file} loads on none of the kernels of --check`, {
      status: EXIT.kernel,
      hint: '`bpfscript check` says why.',
    });
  return [...new Set(checked.flatMap(({ release, loads }) => (loads ? [] : [release])))];
}

interface CostLine {
  readonly type?: unknown;
  readonly loader?: unknown;
  readonly elapsed?: unknown;
}

/** The last line of costs, which is of all the run. */
function costIn(file: string): { readonly loader: number; readonly elapsed: number } {
  const lines = Buffer.from(readInput(file)).toString().split('\n');
  for (const line of lines.reverse()) {
    if (!line.includes('"cost"')) continue;
    const { type, loader, elapsed } = costLine(line);
    if (type === 'cost' && typeof loader === 'number' && typeof elapsed === 'number' && elapsed > 0)
      return { loader, elapsed };
  }
  throw new UserError(`${file} has no line of costs`, {
    hint: 'bpfload -f json --cost --timeout 1m tool.o prints one at the end.',
  });
}

function costLine(line: string): CostLine {
  try {
    return (JSON.parse(line) ?? {}) as CostLine;
  } catch {
    return {};
  }
}

function inspect(file: string, object: Uint8Array): ReturnType<typeof inspectObject> {
  try {
    return inspectObject(object);
  } catch (error) {
    throw noObject(file, error);
  }
}

function isAllowed(permission: string, options: KubeOptions): boolean {
  if (options.unsafe) return true;
  if (permission === 'run') return options.allowRun === true;
  return permission === 'write' ? options.allowWrite.length > 0 : permission !== 'unsafe';
}

function usage(message: string): UserError {
  return new UserError(message, { status: EXIT.usage });
}

function checkedName(name: string, option: string): string {
  if (NAME.test(name)) return name;
  throw usage(`${option} takes at most 52 small letters, digits and -, not ${name}`);
}

/** `/tmp/My_tool.o` => `my-tool` */
function nameOf(file: string, options: KubeOptions): string {
  if (options.name !== undefined) return checkedName(options.name, '--name');
  const name = basename(file)
    .replace(/\.o$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  if (NAME.test(name)) return name;
  throw usage(`${basename(file)} gives no name for Kubernetes: say one with --name`);
}

function keyName(path: string): string {
  if (path.endsWith('.pub')) return basename(path);
  throw usage(`--verify takes public keys, NAME.pub, not ${path}`);
}

function versionOf(text: string): string {
  if (/^\d+\.\d+$/.test(text)) return text;
  throw usage(`--kernel takes a version such as 6.10, not ${text}`);
}

function memory({ memory: size }: KubeOptions): string | undefined {
  if (size === undefined || /^[1-9]\d*(Ki|Mi|Gi)$/.test(size)) return size;
  throw usage(`--memory takes a size such as 256Mi, not ${size}`);
}

function numbers(options: KubeOptions): Pick<KubernetesOptions, 'port' | 'maxOverhead'> {
  const port = Number(options.metrics);
  const percent = Number(options.maxOverhead);
  if (options.metrics !== false && !(/^\d{1,5}$/.test(options.metrics) && port > 0 && port < 65536))
    throw usage(`--metrics takes a port from 1 to 65535, not ${options.metrics}`);
  if (options.maxOverhead !== false && !(percent > 0))
    throw usage(`--max-overhead takes a number above 0, not ${options.maxOverhead}`);
  return {
    ...(options.metrics === false ? {} : { port }),
    ...(options.maxOverhead === false ? {} : { maxOverhead: percent }),
  };
}

function loaderOptions(options: KubeOptions): readonly string[] {
  if (options.timeout !== undefined && options.kind !== 'job')
    throw usage('--timeout is for --kind job: a DaemonSet begins anew what has ended');
  return [
    ...(options.timeout === undefined ? [] : [`--timeout=${options.timeout}`]),
    ...(options.unsafe ? ['--unsafe'] : []),
    ...(options.allowRun ? ['--allow-run'] : []),
    ...options.allowWrite.map((path) => `--allow-write=${path}`),
  ];
}

function withMounts(needs: HostNeeds, options: KubeOptions): HostNeeds {
  const wrong = options.mount.find((path) => !path.startsWith('/'));
  if (wrong !== undefined) throw usage(`--mount takes a path from / on, not ${wrong}`);
  const more = options.mount.map((path) => ({ path, readOnly: true, why: 'named by --mount' }));
  return {
    ...needs,
    mounts: [...needs.mounts.filter(({ path }) => !options.mount.includes(path)), ...more],
    openPaths: needs.openPaths.filter(
      (path) => !options.mount.some((folder) => path.startsWith(folder)),
    ),
  };
}

function textOf(made: KubernetesFiles, json: boolean): string {
  const items = [made.namespace, ...(made.configMap ? [made.configMap] : []), made.workload];
  if (json) return `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 2)}\n`;
  return `${notesOf(made)}---\n${items.map(toYaml).join('---\n')}`;
}

/** kustomize makes the ConfigMap, and puts a digest behind its name, here and in the workload. */
function writeBase(
  folder: string,
  made: KubernetesFiles,
  { configName, namespace }: KubernetesOptions,
): void {
  const kustomization: Data = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['namespace.yaml', 'workload.yaml'],
    ...(made.files.size > 0 && configName !== undefined
      ? {
          configMapGenerator: [
            {
              name: configName,
              namespace: namespace,
              files: [...made.files.keys()],
              options: { immutable: true },
            },
          ],
        }
      : {}),
  };
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UserError(`cannot make ${folder}: ${reasonOf(error)}`);
  }
  for (const [file, bytes] of made.files) writeWhole(join(folder, file), bytes);
  writeWhole(join(folder, 'namespace.yaml'), toYaml(made.namespace));
  writeWhole(join(folder, 'workload.yaml'), `${notesOf(made)}${toYaml(made.workload)}`);
  writeWhole(join(folder, 'kustomization.yaml'), toYaml(kustomization));
}

/** Comments, whatever stands in names of files. */
function notesOf(made: KubernetesFiles): string {
  return made.notes.map((note) => `# ${note.replace(/\p{Cc}/gu, '?')}\n`).join('');
}
