/** Loads objects into the running kernel by bpftool, which takes them as libbpf alone does. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readFileSync,
  rmdirSync,
  readdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { withFolder } from './support.ts';

const BPFFS = '/sys/fs/bpf';

function mount(type: string, at: string): void {
  const mounted = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[1] === at && line.split(' ')[2] === type);
  if (!mounted) execFileSync('mount', ['-t', type, type, at]);
}

export interface Loaded {
  /** Names of the pinned programs or links. */
  readonly programs: readonly string[];
  /** Entries of a map as bpftool prints them with the types of BTF. */
  dump(map: string): readonly unknown[];
}

/** Loads all programs, attaches them if asked to, and detaches after `use`. */
export function loaded<Result>(
  object: Uint8Array,
  attach: boolean,
  use: (loaded: Loaded) => Result,
): Result {
  mount('bpf', BPFFS);
  mount('tracefs', '/sys/kernel/tracing');
  const pins = join(BPFFS, `bpfscript-${process.pid}`);
  const programs = join(pins, 'programs');
  const maps = join(pins, 'maps');
  mkdirSync(pins, { mode: 0o700 });
  try {
    withFolder((folder) => {
      const file = join(folder, 'linked.o');
      writeFileSync(file, object);
      bpftool(
        'prog',
        'loadall',
        file,
        programs,
        'pinmaps',
        maps,
        ...(attach ? ['autoattach'] : []),
      );
    });
    return use({
      programs: readdirSync(programs).sort(),
      dump: (map) => {
        const entries: unknown = JSON.parse(
          bpftool('--json', 'map', 'dump', 'pinned', join(maps, map)),
        );
        if (!Array.isArray(entries)) throw new Error(`${map} has no entries`);
        return entries.map((entry: { readonly formatted?: unknown }) => entry.formatted);
      },
    });
  } finally {
    for (const folder of [programs, maps, pins]) remove(folder);
  }
}

/** bpffs has no recursive removal that Node knows: its files are no regular ones. */
function remove(folder: string): void {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return; // It was never made: the load failed before.
  }
  for (const name of names) unlinkSync(join(folder, name));
  rmdirSync(folder);
}

export function bpftool(...args: readonly string[]): string {
  return execFileSync('/usr/sbin/bpftool', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
