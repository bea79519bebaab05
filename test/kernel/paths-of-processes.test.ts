/** Paths through the links of processes: /proc/PID/root, /proc/PID/exe and their like. */

import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { COMMAND } from '../support/command.ts';
import { mapEntries, mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { HANGS_MS } from '../support/patience.ts';
import { LOADER_ASAN, WORKLOAD } from '../support/run.ts';

const folder = temporaryFolder();
/** What the process sees at `seen`; everybody else sees another program of that name there. */
const [seen, real] = [join(folder, 'seen'), join(folder, 'real')];
const go = join(folder, 'go');
let count = 0;

/** A program with a function and a type that only it has. */
const SOURCE = `
  struct only_here { int first; int second; };
  __attribute__((noinline)) int only_here(struct only_here *it) { __asm__ volatile("" : : "r"(it) : "memory"); return it->second; }
  int main(void) { struct only_here it = {3, 4}; return only_here(&it) - 4; }`;

beforeAll(() => {
  mkdirSync(seen);
  mkdirSync(real);
  copyFileSync(WORKLOAD, join(real, 'work'));
  copyFileSync('/bin/true', join(seen, 'work'));
  // Absolute links mean what they mean to the process.
  symlinkSync(join(seen, 'work'), join(real, 'link'));
  symlinkSync(join(seen, 'work'), join(seen, 'link'));
  writeFileSync(join(folder, 'typed.c'), SOURCE);
  execFileSync('gcc', ['-g', '-O1', '-o', join(real, 'typed'), join(folder, 'typed.c')]);
  copyFileSync('/bin/true', join(seen, 'typed'));
});

/** Runs a shell script, in which `load` makes the file that workloads wait for when everything is attached. */
function inShell(script: string): SpawnSyncReturns<string> {
  rmSync(go, { force: true });
  const load = `load() {
    __BPFTRACE_NOTIFY_PROBES_ATTACHED=1 "$@" | while read -r line; do
      case $line in *PROBES_ATTACHED) touch ${go} ;; *) echo "$line" ;; esac
    done
  }`;
  return spawnSync('sh', ['-c', `${load}\n${script}`], {
    encoding: 'latin1',
    timeout: HANGS_MS,
    env: { ...process.env, LOADER: LOADER_ASAN, BPFSCRIPT: COMMAND },
  });
}

/** Beside a process `$PID`, which lives in a mount namespace of its own. */
function beside(work: string, script: string): SpawnSyncReturns<string> {
  return inShell(
    `unshare -m sh -c 'mount --bind ${real} ${seen}; cd ${seen}; exec ./work await ${go} ${work}' & PID=$!
     until [ "$(cat /proc/$PID/comm)" = work ]; do :; done
     { ${script}
     }; touch ${go}; wait $PID`,
  );
}

function object(script: string): string {
  count += 1;
  return writeObject(folder, `script${count}`, script);
}

/** Ways to the same program. */
const WAYS = ['root', 'link', 'exe', 'pattern', 'cwd', 'returned', 'line'];
const ENDS = 'tracepoint:sched:sched_process_exit /pid == $1/ { exit(); }';
const PROBES = `
  uprobe:/proc/$1/root${seen}/work:workload_target { @root[probe] = count(); }
  uprobe:/proc/$1/root${seen}/link:workload_target { @link[probe] = count(); }
  uprobe:/proc/$1/exe:workload_target { @exe[probe] = count(); }
  uprobe:/proc/$1/root${seen}/w*:workload_t*et { @pattern[probe] = count(); }
  uprobe:/proc/$1/cwd/work:workload_target { @cwd[probe] = count(); }
  uprobe:/proc/$1/exe:workload_t*et { @line[probe] = count(); }
  uretprobe:/proc/$1/root${seen}/work:workload_target { @returned[probe] = count(); }
  ${ENDS}`;

needs('root').describe('a path through a process', () => {
  it.each(['', '-p $PID'])('leads to the files that the process sees: %s', (flags) => {
    const script = object(PROBES);
    const { stdout, stderr } = beside('call 3 1 1', `load $LOADER ${flags} ${script} -- $PID`);
    expect(stderr).toBe('Attached 8 probes\n');
    for (const way of WAYS)
      expect(mapEntries(stdout, `@${way}`), way).toEqual([[expect.any(String), 3]]);
    const [[name = ''] = []] = mapEntries(stdout, '@link');
    expect(name).toMatch(new RegExp(`^uprobe:/proc/\\d+/root${seen}/link:workload_target$`));
  });

  it('leads to programs that have no name any more, and to those of another root', () => {
    const script = object(`uprobe:/proc/$1/exe:workload_target { @ = count(); } ${ENDS}`);
    const work = join(folder, 'gone');
    copyFileSync(WORKLOAD, work);
    const result = inShell(
      `${work} await ${go} call 4 1 1 & PID=$!
       until [ "$(cat /proc/$PID/comm)" = gone ]; do :; done
       cp /bin/true ${work}.new; mv ${work}.new ${work}
       load $LOADER ${script} -- $PID; wait $PID`,
    );
    expect(result.stderr).toBe('Attached 2 probes\n');
    expect(mapValue(result.stdout, '@')).toBe(4);

    const jail = join(folder, 'jail');
    mkdirSync(jail);
    writeFileSync(
      join(folder, 'still.c'),
      `#include <unistd.h>
       __attribute__((noinline)) void still(void) { __asm__ volatile(""); }
       int main(void) { for (int i = 0; i < 3000; i++) { usleep(10000); still(); } }`,
    );
    execFileSync('gcc', ['-static', '-o', join(jail, 'still'), join(folder, 'still.c')]);
    const there = object(
      `uprobe:/proc/$1/root/still:still { @root = count(); }
       uprobe:/proc/$1/exe:still { @exe = count(); } interval:s:1 { exit(); }`,
    );
    const below = object('uprobe:/still:still { @ = count(); } interval:s:1 { exit(); }');
    const inJail = inShell(
      `chroot ${jail} /still & PID=$!
       until [ "$(cat /proc/$PID/comm)" = still ]; do :; done
       $LOADER -q ${there} -- $PID; $LOADER -q -p $PID ${below}; kill $PID`,
    );
    expect(inJail.stderr).toBe('');
    for (const map of ['@root', '@exe', '@'])
      expect(mapValue(inJail.stdout, map), map).toBeGreaterThan(10);
  });

  it('is what lists and the compiler read', () => {
    const { stdout, stderr } = beside(
      'call 1 1 1',
      `node $BPFSCRIPT list --kernel default "uprobe:/proc/$PID/root${seen}/*:only_*" | sed s/$PID/PID/
       node $BPFSCRIPT list --kernel default -p $PID "uprobe:${seen}/typed:only_*"
       for path in /proc/$PID/root${seen}/typed; do
         node $BPFSCRIPT build -e "uprobe:$path:only_here { print(args.it.second); }" -o ${folder}/typed.o
       done
       node $BPFSCRIPT -p $PID --dry-run -e "uprobe:${seen}/typed:only_here { print(args.it.second); }"
       node $BPFSCRIPT build -e "uprobe:${seen}/typed:only_here { print(args.it.second); }" -o ${folder}/none.o`,
    );
    expect(stdout).toBe(
      `uprobe:/proc/PID/root${seen}/typed:only_here\nuprobe:${seen}/typed:only_here\n`,
    );
    expect(stderr.match(/ERROR: .*/g)).toEqual([
      expect.stringContaining(`${seen}/typed has no debug information`),
    ]);
  });

  it('is missing where the process is', () => {
    const script = object('uprobe:/proc/4194304/exe:main { }');
    const { stderr, status } = spawnSync(LOADER_ASAN, [script], { encoding: 'latin1' });
    expect(status).toBe(1);
    expect(stderr).toContain("'/proc/4194304/exe' does not exist or is not executable.");
  });
});
