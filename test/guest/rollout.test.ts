/** Hundreds of hosts start one object, in `npm run matrix` a thousand: loaders on kernels that are booted, each host with a name of its own. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { boot, bootable, isBefore, SERIES } from '../support/guest.ts';
import { rolloutOf, startReport } from '../support/json.ts';
import { descriptionOf } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { LOADER } from '../support/run.ts';

const folder = temporaryFolder();
/** A minute of an emulated processor starts a thousand. */
const HOSTS = process.env.BPFSCRIPT_KERNELS === undefined ? 200 : 1000;
/** Those with 7 tens, of each kernel, start a second object. */
const isTenth = (host: string): boolean => /7.$/.test(host);

/** Linux 6.10 brings sched_prepare_exec. */
const NEW_EVENT = 'tracepoint:sched:sched_prepare_exec';
const OLD_EVENT = 'tracepoint:syscalls:sys_enter_close';

/** Starts the objects on so many hosts of a kernel, one after the other, and writes what they report. */
async function startOn(series: string, hosts: readonly string[]): Promise<string> {
  const payload = join(folder, 'payload');
  const start = (object: string): string =>
    `/bpfload -q --no-warnings --dry-run --report - /${object}.o 2>/dev/null`;
  const command = `for h in ${hosts.join(' ')}; do hostname $h; ${start('strict')}; case $h in *7?) ${start('lenient')};; esac; done; true`;
  const batch = join(folder, `batch-${series}`);
  writeFileSync(batch, `${command}\n`);
  const results = join(folder, `results-${series}`);
  const log = await boot(['-b', batch, '-o', results, bootable(series), payload]);
  const file = join(folder, 'reports', `${series}.jsonl`);
  try {
    copyFileSync(join(results, '1.out'), file);
  } catch {
    throw new Error(`the ${series} guest did not start the objects:\n${log}`);
  }
  return readFileSync(file, 'utf8');
}

interface Summary {
  readonly objects: readonly {
    readonly object: string;
    readonly hosts: number;
    readonly attached: number;
    readonly partly: number;
    readonly kernels: readonly {
      readonly release: string;
      readonly hosts: number;
      readonly attached: number;
      readonly partly: number;
    }[];
    readonly refusals: readonly {
      readonly place: string;
      readonly reason: string;
      readonly hosts: readonly string[];
    }[];
    readonly missing: readonly { readonly probe: string; readonly hosts: readonly string[] }[];
    readonly times: { readonly p50: number; readonly most: number };
  }[];
  readonly silent: readonly string[];
}

needs(...SERIES.map((series) => `Linux ${series}` as const)).it(
  `of ${HOSTS} hosts shows which kernels refuse an object, and why`,
  async () => {
    const payload = join(folder, 'payload');
    mkdirSync(payload);
    mkdirSync(join(folder, 'reports'));
    copyFileSync(LOADER, join(payload, 'bpfload'));
    chmodSync(join(payload, 'bpfload'), 0o755);
    const events = `${NEW_EVENT} { @ = count(); }\n${OLD_EVENT} { @a = count(); }\n`;
    writeObject(payload, 'strict', events);
    writeObject(payload, 'lenient', `config = { missing_probes = "warn" }\n${events}`);

    const all = Array.from({ length: HOSTS }, (_, index) => `host-${index}`);
    const isOld = (series: string): boolean => isBefore(series, '6.10');
    let old = 0;
    let oldTenth = 0;
    for (const [index, series] of SERIES.entries()) {
      // What is known beforehand is what the rollout then shows.
      if (existsSync(descriptionOf(series))) {
        const object = join(payload, 'strict.o');
        const checked = bpfscript(['check', object, '--kernel', descriptionOf(series)]);
        expect(checked.status).toBe(isOld(series) ? 3 : 0);
      }
      const own = all.filter((_, at) => at % SERIES.length === index);
      if (isOld(series)) {
        old += own.length;
        oldTenth += own.filter(isTenth).length;
      }
      const lines = (await startOn(series, own)).trim().split('\n');
      expect(lines).toHaveLength(own.length + own.filter(isTenth).length);
      for (const line of lines) startReport(line);
    }
    const list = join(folder, 'hosts');
    writeFileSync(list, `${[...all, 'asleep'].join('\n')}\n`);

    const shown = bpfscript(['rollout', join(folder, 'reports'), '--hosts', list, '--json']);
    const { objects, silent } = rolloutOf(shown.stdout) as Summary;
    expect(shown.status).toBe(1);
    expect(silent).toEqual(['asleep']);
    const lenient = objects.find(({ missing }) => missing.length > 0);
    const strict = objects.find((each) => each !== lenient);
    expect(strict).toMatchObject({ hosts: HOSTS, attached: HOSTS - old, partly: 0 });
    const tenth = all.filter(isTenth).length;
    expect(lenient).toMatchObject({ hosts: tenth, attached: tenth, partly: oldTenth });
    expect(lenient?.missing).toMatchObject([{ probe: NEW_EVENT }]);
    expect(lenient?.missing[0]?.hosts).toHaveLength(oldTenth);
    expect(strict?.refusals).toHaveLength(1);
    expect(strict?.refusals[0]).toMatchObject({ place: 'stdin:1:1' });
    expect(strict?.refusals[0]?.reason).toContain('sched_prepare_exec');
    expect(strict?.refusals[0]?.hosts).toHaveLength(old);
    // All of a kernel, or none of it.
    for (const kernel of strict?.kernels ?? [])
      expect(kernel.attached).toBe(
        isOld(kernel.release.replace(/^(\d+\.\d+).*/, '$1')) ? 0 : kernel.hosts,
      );
    expect(lenient?.times.p50).toBeGreaterThan(0);
  },
  900_000,
);
