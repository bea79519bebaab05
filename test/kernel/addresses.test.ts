/** Integers as addresses, arrays as pointers, and the address of what stands in memory. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { errors } from '../support/diagnostics.ts';
import { needs } from '../support/needs.ts';
import { run, WORKLOAD } from '../support/run.ts';
import { prints } from '../support/script.ts';

/** /text NAME/ calls workload_text("abcdefgh", {"one", "two", "three"}). */
const text = { workload: 'text abcdefgh' } as const;
const workloadText = `uprobe:${WORKLOAD}:workload_text`;

async function lines(script: string, options: Parameters<typeof run>[1] = {}) {
  const result = await run(script, options);
  expect(result.stderr).not.toContain('ERROR');
  return result.stdout.trimEnd().split('\n');
}

needs('root').describe('an integer that is dereferenced', () => {
  it('is the address of a uint64 in the memory of the traced process', async () => {
    const script = `${workloadText} { printf("%s %s %llx %llx\\n", str(*arg1), str(*(arg1 + 8)), *arg0, *uptr(arg0)); $p = uptr(arg1); printf("%s %s\\n", str(*$p), str(*($p + 16))); }`;
    expect(await lines(script, text)).toEqual([
      'one two 6867666564636261 6867666564636261',
      'one three',
    ]);
  });

  // Of a function, because this kernel may name no data; its code is no zero.
  const compared = '$a = kaddr("vfs_read"); $l = *$a; $m = *($a + 8); $p = (uint64 *)kptr($a);';
  const same = 'print(($l == *$p, $m == *($p + 1), $l != 0))';
  prints([
    [
      'is one in the memory of the kernel elsewhere',
      `${compared} ${same}; exit();`,
      '(true, true, true)',
    ],
  ]);

  it('of kaddr() is one in the kernel in every probe', async () => {
    const script = `${workloadText} { $p = (uint64 *)kptr(kaddr("vfs_read")); print(*kaddr("vfs_read") == *$p); print(*$p != 0); }`;
    expect(await lines(script, text)).toEqual(['true', 'true']);
  });
});

needs('root').describe('the address', () => {
  prints([
    ['of a variable', '$x = 1; $p = &$x; print(*$p); $x = 7; print(*$p); exit();', '1\n7'],
    [
      'of a map and of a value in one',
      '@x = 5; $p = &@x; print(*$p); @x = 6; print(*$p); @y[1] = (uint64)9; print(*(&@y[1])); print(*(&@y[2])); exit();',
      '5\n6\n9\n0',
    ],
  ]);

  it('of members, of pointers and of copies', async () => {
    const script =
      'BEGIN { $t = &curtask.cred.uid; print($t->val == uid); $c = &curtask.comm; print(*$c == comm); print(str((int8 *)$c)); $s = *curtask.cred; print((&$s.gid)->val == gid); exit(); }';
    expect((await lines(script, { kernel: 'host', signal: 'none' })).slice(0, 4)).toEqual([
      'true',
      'true',
      'bpfload',
      'true',
    ]);
  });

  it('is none where nothing stands in memory', () => {
    expect(errors('BEGIN { print(&(pid + 1)); print(&comm); }')).toEqual([
      "There is no address of 'uint64' here @ &(pid + 1)",
      "There is no address of 'string[16]' here @ &comm",
    ]);
  });
});

needs('root').describe('an array that is cast to a pointer', () => {
  it('is its address', async () => {
    const script =
      'BEGIN { $c = (uint64 *)curtask.comm; printf("%llx %s\\n", *$c, str((int8 *)curtask.comm + 3)); exit(); }';
    expect((await lines(script, { signal: 'none' }))[0]).toBe('64616f6c667062 load');
  });

  it('is one in the record of a tracepoint', async () => {
    const script =
      'tracepoint:sched:sched_process_exec /comm == "cat"/ { $p = args.filename; printf("%s\\n", str($p)); } tracepoint:task:task_newtask { $c = (uint64 *)args.comm; @same = *$c == *((uint64 *)curtask.comm); }';
    const out = await lines(script, { workload: () => void execFileSync('cat', ['/dev/null']) });
    expect(out).toContain('@same: true');
  });
});

const GO = 'example.com/team/svc.(*Store).Save';

needs('root').describe('a function with a slash in its quoted name', () => {
  const folder = temporaryFolder();
  it('is traced, with its arguments and its return', async () => {
    const source = join(folder, 'go.c');
    writeFileSync(
      source,
      `int save(int x) __asm__("\\"${GO}\\"");
       __attribute__((noinline)) int save(int x) { __asm__ volatile(""); return x + 1; }
       int main(void) { return save(41) != 42; }`,
    );
    const program = join(folder, 'go');
    execFileSync('gcc', ['-O1', '-g', '-o', program, source]);
    const { stdout } = await run(
      `uprobe:${program}:"${GO}" { print((func, args.x)); } uretprobe:${program}:"${GO}" { print((probe, retval)); }`,
      { workload: () => void execFileSync(program) },
    );
    expect(stdout.trimEnd().split('\n')).toEqual([
      `(${GO}, 41)`,
      `(uretprobe:${program}:${GO}, 42)`,
    ]);
  });

  it('has to be quoted', () => {
    expect(errors(`uprobe:/bin/sh:a/b { }`)[0]).toContain("'a/b' is not the name of a function");
  });
});
