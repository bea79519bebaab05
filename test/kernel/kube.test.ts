/** What `bpfscript kube` gives a container is enough: the loader runs with just that, as a container runtime sets it up. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { sample } from '../support/metrics.ts';
import { needs } from '../support/needs.ts';
import { LOADER, runWorkload, WORKLOAD } from '../support/run.ts';

const folder = temporaryFolder();

interface Workload {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly [
          {
            readonly args: readonly string[];
            readonly securityContext: {
              readonly capabilities: { readonly add: readonly string[] };
            };
            readonly volumeMounts: readonly {
              readonly mountPath: string;
              readonly readOnly: boolean;
            }[];
          },
        ];
      };
    };
  };
}

/** Everything is bound read-only into an empty root, as the manifest says; what sets it up stands below /before. */
const CONTAINER = `
set -e
root=$1; shift
mount -t tmpfs tmpfs "$root"
mkdir -p "$root/proc" "$root/sys" "$root/dev"
touch "$root/bpfload" "$root/dev/null"
mount --bind "$LOADER" "$root/bpfload"
mount --bind /dev/null "$root/dev/null"
mount -t proc proc "$root/proc"
mount --bind -o ro /sys "$root/sys"
for path in $MOUNTS; do
  if [ -d "$path" ]; then mkdir -p "$root$path"; else mkdir -p "$root$(dirname "$path")"; touch "$root$path"; fi
  mount --bind -o ro "$path" "$root$path"
done
mkdir -p "$root/objects"
mount --bind -o ro "$OBJECTS" "$root/objects"
mkdir "$root/before"
mount -o remount,ro "$root"
ld=$(readlink -f "$(ls /lib64/ld-linux-*.so* /lib/ld-linux-*.so* 2>/dev/null | head -n 1)")
libraries=/before$(dirname "$(readlink -f /lib/*-linux-gnu/libcap-ng.so.0)"):/before$(dirname "$(readlink -f /lib/*-linux-gnu/libc.so.6)")
cd "$root"
pivot_root . before
exec "/before$ld" --library-path "$libraries" /before/usr/bin/setpriv --no-new-privs --bounding-set="-all,$CAPABILITIES" --inh-caps=-all --ambient-caps=-all /bpfload "$@"
`;

async function runsAsContainer(
  script: string,
  words: readonly string[],
  look: (url: string) => Promise<void>,
): Promise<string> {
  const object = writeObject(folder, 'tool', script);
  const { stdout } = bpfscript(['kube', '--json', '--name', 'tool', ...words, object]);
  const { items } = JSON.parse(stdout) as { readonly items: readonly Workload[] };
  const container = items.at(-1)?.spec.template.spec.containers[0];
  if (!container) throw new Error('there is no container');
  // As the kubelet does it: files behind links to links.
  const objects = join(folder, `objects${Math.random()}`);
  mkdirSync(join(objects, '..2026'), { recursive: true });
  chmodSync(objects, 0o755);
  writeObject(join(objects, '..2026'), 'tool', script);
  symlinkSync('..2026', join(objects, '..data'));
  symlinkSync('..data/tool.o', join(objects, 'tool.o'));
  const root = join(folder, `root${Math.random()}`);
  mkdirSync(root);
  const args = container.args.map((word) => word.replace('[$(POD_IP)]:9435', '[127.0.0.1]:0'));
  const child = spawn('unshare', ['--mount', 'sh', '-c', CONTAINER, 'sh', root, ...args], {
    env: {
      ...process.env,
      LOADER,
      OBJECTS: objects,
      MOUNTS: container.volumeMounts
        .map(({ mountPath }) => mountPath)
        .filter((path) => path !== '/objects')
        .join(' '),
      CAPABILITIES: container.securityContext.capabilities.add
        .map((name) => `+${name.toLowerCase()}`)
        .join(','),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      const found = /^Metrics at (\S+)$/m.exec(stderr)?.[1];
      if (found) resolve(found);
    });
    void ended.then((status) => reject(new Error(`it ended with ${status}: ${stderr}`)));
  });
  const health = await fetch(url.replace('/metrics', '/healthz'));
  expect(await health.text()).toBe('ok\n');
  await look(url);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  return printed;
}

needs('root').it('counts events of a tracepoint', async () => {
  await runsAsContainer(
    'tracepoint:syscalls:sys_enter_close /args.fd == 0xfffffff7/ { @a[comm] = count(); }',
    [],
    async (url) => {
      await runWorkload('comm inside close 7');
      const text = await (await fetch(url)).text();
      expect(sample(text, 'bpf_stdin_a_total{key="inside"}')).toBe('7');
      expect(text).toContain('bpfload_probe_runs_total{');
    },
  );
});

needs('root').it(
  'traces a program that is mounted, and needs less where nothing is measured',
  async () => {
    await runsAsContainer(
      `uprobe:${WORKLOAD}:main { @a = count(); }`,
      ['--no-max-overhead', '--kernel', '6.12'],
      async (url) => {
        await runWorkload('close 1');
        const text = await (await fetch(url)).text();
        expect(sample(text, 'bpf_stdin_a_total')).toBe('1');
      },
    );
  },
);
