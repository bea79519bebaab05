/** Loads objects into the running kernel by bpftool, which takes them as libbpf alone does. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { withFolder } from './build.ts';

const BPFFS = '/sys/fs/bpf';

function mount(type: string, at: string): void {
  const mounted = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[1] === at && line.split(' ')[2] === type);
  if (!mounted) execFileSync('mount', ['-t', type, type, at]);
}

export interface Loaded {
  /** Names of the pinned programs. */
  readonly programs: readonly string[];
  /** Entries of a map as bpftool prints them with the types of BTF. */
  dump(map: string): readonly unknown[];
}

/** Loads all programs without attaching them. */
export function loaded<Result>(object: Uint8Array, use: (loaded: Loaded) => Result): Result {
  mount('bpf', BPFFS);
  const pins = join(BPFFS, `bpfscript-${process.pid}`);
  const programs = join(pins, 'programs');
  const maps = join(pins, 'maps');
  mkdirSync(pins, { mode: 0o700 });
  try {
    withFolder((folder) => {
      const file = join(folder, 'linked.o');
      writeFileSync(file, object);
      bpftool('prog', 'loadall', file, programs, 'pinmaps', maps);
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

/**
 * Loads and attaches an object by libbpf alone, makes some system calls, and gives the bytes of the maps whose
 * names end so (`.bss`).
 */
export function attached(object: Uint8Array, suffix: string): Buffer {
  mount('tracefs', '/sys/kernel/tracing');
  return withFolder((folder) => {
    const helper = join(folder, 'attach');
    const source = new URL('attach.c', import.meta.url).pathname;
    execFileSync('gcc', [
      '-std=gnu11',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-o',
      helper,
      source,
      '-lbpf',
    ]);
    const file = join(folder, 'linked.o');
    writeFileSync(file, object);
    return Buffer.from(execFileSync(helper, [suffix, file], { encoding: 'utf8' }).trim(), 'hex');
  });
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
