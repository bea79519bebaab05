/** Which maps have their values with threads: those of which nobody but the thread can tell. */
import { describe, expect, it } from 'vitest';
import { readElf } from '../../../linker/elf/read.ts';
import type { Manifest } from '../../../linker/manifest/manifest.ts';
import { build } from '../../support/build.ts';

const ENTER = 'tracepoint:syscalls:sys_enter_write';
const EXIT = 'tracepoint:syscalls:sys_exit_write';
const TAKE = `${EXIT} /@s[tid]/ { @ = sum(nsecs - @s[tid]); delete(@s, tid); }`;
const CLEAR = 'end { clear(@s); }';
const TIMES = `${ENTER} { @s[tid] = nsecs; } ${TAKE}`;

/** Whether the map `@s` of a script has a task storage. */
function isOfThreads(script: string): boolean {
  const section = readElf(build(script)).sections.find(({ name }) => name === '.bpfscript');
  const { maps } = JSON.parse(Buffer.from(section?.data ?? []).toString()) as Manifest;
  return maps.find(({ name }) => name === '@s')?.threads !== undefined;
}

describe('a map is of threads', () => {
  it.each([
    ['that are timed', `${TIMES} ${CLEAR}`],
    ['also in the older form of delete', `${ENTER} { @s[tid] = 1; delete(@s[tid]); } ${CLEAR}`],
    ['whose values are counted up', `${ENTER} { @s[tid]++; @s[tid] += 2; } ${CLEAR}`],
    ['that are asked for', `${ENTER} { @s[tid] = 1; if (has_key(@s, tid)) { @++; } } ${CLEAR}`],
    ['with other statements at the end', `${TIMES} end { printf("x"); clear(@s); print(@); }`],
    [
      'with a return behind the clear',
      `${TIMES} end { clear(@s); if (pid) { return; } print(@); }`,
    ],
    ['with pointers as values', `${ENTER} { @s[tid] = args.buf; } ${CLEAR}`],
  ])('%s', (_, script) => expect(isOfThreads(script)).toBe(true));

  it.each([
    ['that is printed at the end', TIMES],
    ['that is cleared at the end only sometimes', `${TIMES} end /pid/ { clear(@s); }`],
    ['that is cleared in a branch', `${TIMES} end { if (pid) { clear(@s); } }`],
    ['that is cleared behind a return', `${TIMES} end { if (pid) { return; } clear(@s); }`],
    ['that is cleared behind an exit', `${TIMES} end { if (pid) { exit(); } clear(@s); }`],
    ['that is cleared meanwhile', `${TIMES} interval:s:1 { clear(@s); } ${CLEAR}`],
    ['that is printed meanwhile', `${TIMES} interval:s:1 { print(@s); } ${CLEAR}`],
    ['that is printed before it is cleared', `${TIMES} end { print(@s); clear(@s); }`],
    ['whose keys are counted', `${TIMES} interval:s:1 { printf("%d", len(@s)); } ${CLEAR}`],
    ['that a loop goes over', `${TIMES} end { for $kv : @s { print($kv); } clear(@s); }`],
    ['of processes', `${ENTER} { @s[pid] = nsecs; } ${CLEAR}`],
    ['of threads by their first number', `${ENTER} { @s[tid(init)] = nsecs; } ${CLEAR}`],
    ['of threads and more', `${ENTER} { @s[tid, cpu] = nsecs; } ${CLEAR}`],
    ['that somebody else reads', `${TIMES} ${ENTER} { @b = @s[pid]; } ${CLEAR}`],
    ['that somebody else deletes from', `${TIMES} ${ENTER} { delete(@s, pid); } ${CLEAR}`],
    ['that the beginning uses', `begin { @s[tid] = 1; } ${TIMES} ${CLEAR}`],
    ['that a function uses', `fn f() : void { @s[tid] = 1; } ${TIMES} ${ENTER} { f(); } ${CLEAR}`],
    ['with a size of its own', `let @s = hash(10); ${TIMES} ${CLEAR}`],
    ['of texts', `${ENTER} { @s[tid] = comm; } ${CLEAR}`],
    ['of sums', `${ENTER} { @s[tid] = sum(1); } ${CLEAR}`],
    ['beside fentry of locks', `${TIMES} fentry:_raw_spin_lock { @l = count(); } ${CLEAR}`],
  ])('not one %s', (_, script) => expect(isOfThreads(script)).toBe(false));
});
