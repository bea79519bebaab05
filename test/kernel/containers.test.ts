/** Metrics by cgroup, with the names that the host has of what runs there. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { answering, samples } from '../support/metrics.ts';
import { needs } from '../support/needs.ts';
import { WORKLOAD } from '../support/run.ts';

const folder = temporaryFolder();
const ID = '3f4e6d2a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e';
const UID = '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9';
const POD = `kubepods-pod${UID.replaceAll('-', '_')}.slice`;

const SCRIPT = `
  // bpfscript: metric @calls test_calls_total "Calls, by cgroup." labels comm, cgroup containers cgroup
  tracepoint:syscalls:sys_enter_close /args.fd == 0xfffffff7/ { @calls[comm, cgroup] = count(); }`;

function unified(): string {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const found = mounts.map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2');
  return found?.[1] ?? '';
}

/** Makes cgroups below the root, and takes them away afterwards. */
async function withCgroups(
  paths: readonly string[],
  use: (root: string) => Promise<void>,
): Promise<void> {
  const root = join(unified(), `bpfscript-test-${process.pid}`);
  const made: string[] = [root];
  for (const path of paths) {
    let at = root;
    for (const name of path.split('/')) {
      at = join(at, name);
      if (!made.includes(at)) made.push(at);
    }
  }
  for (const path of made) mkdirSync(path);
  try {
    await use(root);
  } finally {
    for (const path of made.reverse()) rmdirSync(path);
  }
}

/** Runs the workload in a cgroup, to its end. */
function within(cgroup: string, words: string): void {
  execFileSync('sh', ['-c', `echo $$ > ${cgroup}/cgroup.procs && exec ${WORKLOAD} ${words}`]);
}

/** The loader sees a /var/log of its own, with these files in it. */
function withLogs(files: readonly string[]): readonly string[] {
  const script = join(folder, 'with-logs');
  const make = files.map((file) => `mkdir -p '/var/log/${file}'`).join('\n');
  writeFileSync(
    script,
    `set -e\nmount --make-rprivate /\nmount -t tmpfs logs /var/log\n${make}\nexec "$@"\n`,
  );
  return ['unshare', '-m', 'sh', script];
}

needs('root').describe('Counts by cgroup', () => {
  it('have labels for container, pod, namespace and unit, as far as the host knows them', async () => {
    const container = `${POD}/cri-containerd-${ID}.scope`;
    const object = writeObject(folder, 'containers', SCRIPT);
    await withCgroups([container, 'web.service', 'nothing'], async (root) => {
      const name = root.slice(unified().length);
      await answering(
        object,
        [],
        async (loader) => {
          within(join(root, container), 'comm a close 3');
          within(join(root, 'web.service'), 'comm a close 4');
          within(join(root, 'nothing'), 'comm a close 5');
          const text = await loader.scrape();
          expect(samples(text, 'test_calls_total')).toEqual([
            `test_calls_total{comm="a",cgroup="${name}/${container}",container="web",container_id="${ID}",pod="cart-0",pod_uid="${UID}",namespace="shop"} 3`,
            `test_calls_total{comm="a",cgroup="${name}/nothing"} 5`,
            `test_calls_total{comm="a",cgroup="${name}/web.service",unit="web.service"} 4`,
          ]);
        },
        withLogs([`pods/shop_cart-0_${UID}`, `containers/cart-0_shop_web-${ID}.log`]),
      );
    });
  });

  it('keep their names when the cgroup is gone, and have its number where it was never seen', async () => {
    const object = writeObject(folder, 'gone', SCRIPT);
    await answering(object, [], async (loader) => {
      let number = 0;
      let name = '';
      await withCgroups(['seen.service'], async (root) => {
        name = `${root.slice(unified().length)}/seen.service`;
        within(join(root, 'seen.service'), 'comm b close 2');
        await loader.scrape();
      });
      await withCgroups(['unseen'], async (root) => {
        number = statSync(join(root, 'unseen')).ino;
        within(join(root, 'unseen'), 'comm c close 1');
      });
      const text = await loader.scrape();
      expect(samples(text, 'test_calls_total')).toEqual([
        `test_calls_total{comm="b",cgroup="${name}",unit="seen.service"} 2`,
        `test_calls_total{comm="c",cgroup="${number}"} 1`,
      ]);
    });
  });

  it('are read by a loader that has given up what it may do, too', async () => {
    const object = writeObject(folder, 'dropped', SCRIPT);
    await withCgroups(['web.service'], async (root) => {
      await answering(object, ['--user', 'nobody'], async (loader) => {
        within(join(root, 'web.service'), 'comm a close 4');
        expect(samples(await loader.scrape(), 'test_calls_total')[0]).toContain(
          'unit="web.service"} 4',
        );
      });
    });
  });
});
