/** USDT points of a small program, in every form that their arguments have. */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { STORED, writeArchive } from '../../support/archive.ts';
import { temporaryFolder } from '../../support/build.ts';
import { mapEntries } from '../../support/expect.ts';
import { needs } from '../../support/needs.ts';
import { LOADER, type RunResult, run } from '../../support/run.ts';

const folder = temporaryFolder();
const PIE = join(folder, 'pie');
const FIXED = join(folder, 'fixed');
const STATIC_PIE = join(folder, 'static-pie');

beforeAll(() => {
  const source = join(import.meta.dirname, 'points.c');
  const compile = (to: string, ...flags: readonly string[]): void => {
    execFileSync('gcc', ['-O1', '-Wall', ...flags, '-o', to, source]);
  };
  compile(PIE, '-fPIE', '-pie');
  compile(FIXED, '-fno-pie', '-no-pie', '-static');
  compile(STATIC_PIE, '-fPIE', '-static-pie');
});

/** Runs a script while the program runs; gives the lines that it printed. */
async function trace(script: string, program = PIE, runs = 1): Promise<readonly string[]> {
  const result = await run(script.replaceAll('PROGRAM', program), {
    workload: () => {
      for (let count = 0; count < runs; count++) expect(spawnSync(program).status).toBe(0);
    },
  });
  expect(result.stderr).toMatch(/^Attached \d+ probes?\n$/);
  expect(result.status).toBe(0);
  return result.stdout.trim().split('\n');
}

async function refusal(script: string): Promise<string> {
  const result = await run(script.replaceAll('PROGRAM', PIE));
  expect(result.status).toBe(1);
  return result.stderr;
}

needs('root').describe('USDT points', () => {
  for (const [kind, program] of [
    ['position-independent', PIE],
    ['fixed', FIXED],
    ['static position-independent', STATIC_PIE],
  ] as const) {
    it(`give arguments by their size and sign, of a ${kind} program [PRB-040]`, async () => {
      const lines = await trace(
        `usdt:PROGRAM:app:registers {
           printf("registers %ld %ld %lx %ld %ld %ld\\n", arg0, arg1, arg2, arg3, arg4, arg5);
         }
         usdt:PROGRAM:app:constants { printf("constants %ld %ld %ld %ld\\n", arg0, arg1, arg2, arg3); }
         usdt:PROGRAM:app:memory {
           printf("memory %ld %ld %ld %ld %ld %s\\n", arg0, arg1, arg2, arg3, arg4, str(arg5));
         }`,
        program,
      );
      expect(lines).toEqual([
        'registers -5 4294967291 123456789abcdef 65 -16 -2',
        'constants 17 -3 -1 16',
        'memory -7 -20 200 200 -300 hello',
      ]);
    });
  }

  it('give arguments at addresses that are fixed', async () => {
    const script = 'usdt:PROGRAM:absolute { printf("%ld %ld %ld\\n", arg0, arg1, arg2); }';
    expect(await trace(script, FIXED)).toEqual(['200 400 7']);
  });

  it('raise their semaphore while they are traced [PRB-041]', async () => {
    expect(spawnSync(PIE, { encoding: 'utf8' }).stdout).toBe('0\n');
    for (const program of [PIE, FIXED])
      expect(
        await trace('usdt:PROGRAM:app:guarded { printf("%d\\n", arg0); }', program, 2),
      ).toEqual(['1', '1']);
    expect(spawnSync(PIE, { encoding: 'utf8' }).stdout).toBe('0\n');
  });

  it('raise their semaphore in a library that is mapped out of an archive [PRB-041]', async () => {
    const at = (name: string): string => join(folder, name);
    const source = (name: string): string => join(import.meta.dirname, name);
    const [library, mapper, archive] = [at('libready.so'), at('mapper'), at('app.apk')];
    const shared = ['-O1', '-Wall', '-shared', '-fPIC', '-nostdlib'];
    execFileSync('gcc', [...shared, '-o', library, source('ready.c')]);
    execFileSync('gcc', ['-O1', '-Wall', '-o', mapper, source('mapper.c')]);
    const start = writeArchive(archive, 'lib/libready.so', readFileSync(library), STORED);
    const symbols = execFileSync('nm', [library], { encoding: 'utf8' });
    const address = /^([0-9a-f]+) T ready$/m.exec(symbols)?.[1];
    const semaphore = (): string =>
      execFileSync(mapper, [archive, `${start}`, `0x${address}`], { encoding: 'utf8' });
    const script = `usdt:${archive}!/lib/libready.so:app:ready { printf("%d\\n", arg0); }`;
    expect(semaphore()).toBe('0\n');
    for (const flags of [[], ['--no-feature', 'uprobe_multi']]) {
      let seen = '';
      const workload = () => {
        seen = semaphore();
      };
      const result = await run(script, { flags, workload });
      expect(result).toMatchObject({ stderr: 'Attached 1 probe\n', stdout: '1\n\n\n', status: 0 });
      expect(seen).toBe('1\n');
    }
    expect(semaphore()).toBe('0\n');
  });

  it('need no CAP_SYS_ADMIN where the kernel has links for many uprobes [CLI-036]', async () => {
    const loader = join(folder, 'without-admin');
    writeFileSync(loader, `#!/bin/sh\nexec setpriv --bounding-set -sys_admin ${LOADER} "$@"\n`, {
      mode: 0o755,
    });
    const script = `usdt:${PIE}:app:guarded { printf("%d\\n", arg0); } usdt:${PIE}:o*:st* { printf("%s %d\\n", probe, arg0); }`;
    const workload = () => void spawnSync(PIE);
    const result = await run(script, { loader, workload });
    expect(result.stderr).toBe('Attached 3 probes\n');
    const name = `usdt:${PIE}:other:step`;
    expect(result.stdout.trim().split('\n').sort()).toEqual(['1', `${name} 10`, `${name} 11`]);
    const refused = await run(script, { loader, flags: ['--no-feature', 'uprobe_multi'] });
    expect(refused.status).toBe(4);
    expect(refused.stderr).toContain('it needs CAP_SYS_ADMIN on kernels without uprobe.multi');
  });

  it('match patterns of namespace and name, every place of a point [PRB-042]', async () => {
    expect(await trace('usdt:PROGRAM:o*:st* { printf("%s %d\\n", probe, arg0); }')).toEqual([
      `usdt:${PIE}:other:step 10`,
      `usdt:${PIE}:other:step 11`,
    ]);
    const all = await trace('usdt:PROGRAM:* { @[probe] = count(); }');
    expect(all.map((line) => line.replace(PIE, '')).sort()).toEqual([
      '@[usdt::app:constants]: 1',
      '@[usdt::app:guarded]: 1',
      '@[usdt::app:memory]: 1',
      '@[usdt::app:odd]: 1',
      '@[usdt::app:registers]: 1',
      '@[usdt::other:step]: 2',
    ]);
  });

  it('are found without their namespace, by the short name of the provider [GRM-045]', async () => {
    expect(await trace('U:PROGRAM:constants { printf("%s %d\\n", probe, arg0); }')).toEqual([
      `usdt:${PIE}:app:constants 17`,
    ]);
  });

  it('can have an alias, a predicate, and parameters', async () => {
    expect(
      await trace('mine=usdt:PROGRAM:step /arg0 == 11/ { printf("%s %d\\n", probe, arg0); }'),
    ).toEqual(['mine 11']);
    const result = await run('usdt:$1:$2 { printf("%s %d\\n", probe, arg0); }', {
      parameters: [PIE, 'constants'],
      workload: () => void spawnSync(PIE),
    });
    expect(result.stdout.trim()).toBe(`usdt:${PIE}:app:constants 17`);
  });

  it('are found in all files that a pattern means [PRB-042]', async () => {
    const result = await run(`usdt:${folder}/*i*:*:step { @[probe] = count(); }`, {
      workload: () => {
        for (const program of [PIE, STATIC_PIE]) spawnSync(program);
      },
    });
    expect(result.stderr).toContain(`WARNING: attaching to 3 binaries that match ${folder}/*i*.\n`);
    expect(mapEntries(result.stdout, '@')).toEqual([
      [`usdt:${PIE}:other:step`, 2],
      [`usdt:${STATIC_PIE}:other:step`, 2],
    ]);
    const none = await run(`usdt:${folder}/*:nobody:step { @ = count(); }`);
    expect(none.status).toBe(1);
  });

  it('are found in the files of a process, also in another mount namespace [PRB-042]', async () => {
    const hidden = join(folder, 'hidden');
    mkdirSync(hidden);
    const plain = spawn(PIE, ['wait'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const inside = spawn(
      'unshare',
      [
        '-m',
        'sh',
        '-c',
        `mount -t tmpfs none ${hidden} && cp ${PIE} ${hidden}/secret && exec ${hidden}/secret wait`,
      ],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    );
    for (const child of [plain, inside])
      await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
    const points = async (target: string, child: ChildProcess): Promise<RunResult> =>
      run(`usdt:${target}:other:step { @[probe] = count(); }`, {
        flags: ['-p', String(child.pid)],
        signal: 'none',
        workload: () => void child.stdin?.end(),
      });
    expect(mapEntries((await points('*', plain)).stdout, '@')).toEqual([
      [`usdt:${PIE}:other:step`, 2],
    ]);
    expect(mapEntries((await points(`${hidden}/secret`, inside)).stdout, '@')).toEqual([
      [`usdt:${hidden}/secret:other:step`, 2],
    ]);
  });

  it('that are not there are errors that say what is missing [PRB-043]', async () => {
    expect(await refusal('usdt:PROGRAM:app:nothing { @ = count(); }')).toContain(
      `ERROR: No matches for usdt ${PIE}:app:nothing.`,
    );
    expect(await refusal('usdt:PROGRAM:other:setp { @ = count(); }')).toContain(
      "HINT: Did you mean 'other:step'?",
    );
    expect(await refusal('usdt:PROGRAM:setp { @ = count(); }')).toContain(
      "HINT: Did you mean 'step'?",
    );
    expect(await refusal('usdt:/no/such/file:app:x { @ = count(); }')).toContain(
      "usdt target file '/no/such/file' does not exist or is not executable.",
    );
    expect(await refusal('usdt:/etc/passwd:app:x { @ = count(); }')).toContain(
      "usdt target '/etc/passwd' is not a 64-bit ELF file.",
    );
    expect(await refusal('usdt:/bin/true:x { @ = count(); }')).toContain(
      'The file has no USDT probes.',
    );
    expect(await refusal('usdt:PROGRAM:step { @ = arg1; }')).toContain(
      'has 1 argument, but the script reads arg1.',
    );
    expect(await refusal('usdt:PROGRAM:odd { @ = arg1; }')).toContain(
      `Cannot read arg1 of usdt ${PIE}:app:odd: '8@%xmm0' is not supported.`,
    );
    expect(await trace('usdt:PROGRAM:odd { printf("%d\\n", arg0); }')).toEqual(['1']);
  });

  it('give up to twelve arguments, past those that cannot be read [PRB-040]', async () => {
    const script = 'usdt:PROGRAM:odd { printf("%d %d %ld %d\\n", arg0, arg2, arg10, arg11); }';
    expect(await trace(script)).toEqual(['1 3 -11 12']);
    expect(await refusal('usdt:PROGRAM:odd { @ = arg9; @b = arg11; }')).toContain(
      `Cannot read arg9 of usdt ${PIE}:app:odd: '8f@%xmm1' is not supported.`,
    );
  });

  it('can be left out where a script allows it', async () => {
    const result = await run(
      `config = { missing_probes = warn }
       usdt:PROGRAM:app:nothing { @ = count(); }
       usdt:PROGRAM:app:constants { printf("%d\\n", arg0); }`.replaceAll('PROGRAM', PIE),
      { workload: () => void spawnSync(PIE) },
    );
    expect(result.stdout.trim()).toBe('17');
    expect(result.stderr).toContain('WARNING: No matches for usdt');
  });
});
