/** `bpfload --dump` on other kernels, and where settings of the kernel hide what it made of programs. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ExploredSource } from '../../compiler/exploration/exploration.ts';
import { dumpedLines, nativeLines, translatedLines } from '../../compiler/exploration/loaded.ts';
import { disassemble } from '../../compiler/llvm/disassembler.ts';
import { inspectObject } from '../../linker/inspect.ts';
import { compileText, temporaryFolder } from '../support/build.ts';
import { ARM64_SERIES, boot, bootable, programsOf, SERIES } from '../support/guest.ts';
import { dumpOf } from '../support/json.ts';
import { needs } from '../support/needs.ts';

const folder = temporaryFolder();
const SCRIPT = `tracepoint:syscalls:sys_enter_read {
  @start[tid] = nsecs;
}
tracepoint:syscalls:sys_exit_read /@start[tid]/ {
  @us = hist((nsecs - @start[tid]) / 1000);
  delete(@start, tid);
}
`;
const KERNEL = '/proc/sys/kernel/kptr_restrict';
const HARDEN = '/proc/sys/net/core/bpf_jit_harden';
const ENABLE = '/proc/sys/net/core/bpf_jit_enable';
const DUMP = '/bpfload -q --dry-run --dump - /x.o';
const COMMANDS = [
  DUMP,
  `echo 2 >${KERNEL}; ${DUMP}`,
  `echo 0 >${KERNEL}; echo 2 >${HARDEN}; ${DUMP}`,
  `echo 0 >${HARDEN}; echo 0 >${ENABLE}; ${DUMP}`,
];

interface Shown {
  readonly translated: readonly string[];
  readonly native: readonly string[];
}

/** What each command's dump shows for line 6 of the script, and for none. */
async function dumpsOn(
  series: string,
): Promise<readonly { readonly ofLine: Shown; readonly all: Shown }[]> {
  const payload = join(folder, series);
  mkdirSync(payload, { recursive: true });
  const object = compileText(SCRIPT).object?.() ?? new Uint8Array();
  writeFileSync(join(payload, 'x.o'), object);
  copyFileSync(programsOf(series).loader, join(payload, 'bpfload'));
  const batch = join(folder, `batch-${series}`);
  writeFileSync(batch, COMMANDS.map((command) => `${command}\n`).join(''));
  const results = join(folder, `results-${series}`);
  const log = await boot(['-b', batch, '-o', results, bootable(series), payload]);
  const sources: readonly ExploredSource[] = [
    { name: 'stdin', firstLine: 1, lines: SCRIPT.split('\n') },
  ];
  const inspection = inspectObject(object);
  return COMMANDS.map((_, index) => {
    const read = (suffix: string): string => {
      try {
        return readFileSync(join(results, `${index + 1}.${suffix}`), 'utf8');
      } catch {
        throw new Error(`the ${series} guest did not run command ${index + 1}:\n${log}`);
      }
    };
    expect({ status: read('rc').trim(), errors: read('err') }).toEqual({ status: '0', errors: '' });
    const dump = dumpOf(read('out'));
    const loaded = {
      dump,
      lineOf: dumpedLines(dump, sources, () => 0),
      isOfScript: (name: string) => name.startsWith('tracepoint_'),
      disassemble,
    };
    const columns = {
      translated: translatedLines(loaded, inspection),
      native: nativeLines(loaded),
    };
    const shown = (line: number | undefined): Shown => {
      const texts = (column: keyof Shown): readonly string[] =>
        columns[column]
          .filter((each) => line === undefined || each.line === line)
          .map(({ text }) => text.trim().replace(/^\+?[0-9a-f]+: /, ''));
      return { translated: texts('translated'), native: texts('native') };
    };
    return { ofLine: shown(6), all: shown(undefined) };
  });
}

const DELETES = 'call htab_map_delete_elem';

needs('root').describe.each([...SERIES, ...ARM64_SERIES])(
  'What Linux %s made of programs',
  (series) => {
    needs(`Linux ${series}`).it(
      'has its lines and names, or says what hides them',
      async () => {
        const [plain, hidden, hardened, interpreted] = await dumpsOn(series);
        expect(plain?.ofLine.translated).toContain(DELETES);
        expect(plain?.ofLine.translated).toContain('r1 = map @start');
        expect(plain?.ofLine.native).toContainEqual(
          expect.stringMatching(/^(callq|bl|blr x\d+) .*htab_map_delete_elem/),
        );
        expect(plain?.ofLine.native).toContainEqual(
          expect.stringMatching(/^(callq|bl) told_with_/),
        );
        expect(plain?.all.native.filter((text) => /^[0-9a-f]{2}( |$)/.test(text))).toEqual([]);
        // Whatever is called has a name, and what is jumped to lies within the function or has one, too.
        expect(plain?.all.native.filter((text) => / 0x[0-9a-f]{16}$/.test(text))).toEqual([]);

        expect(hidden?.ofLine.translated).toContain('call (hidden)');
        expect(hidden?.ofLine.translated).toContain('call told_with_status');
        expect(hidden?.all.native).toContainEqual(expect.stringContaining('kernel.kptr_restrict'));

        expect(hardened?.all.translated).toContain(DELETES);
        expect(hardened?.ofLine).toEqual({ translated: [], native: [] });
        expect(hardened?.all.native).toContainEqual(expect.stringContaining('bpf_jit_harden'));

        expect(interpreted?.ofLine.translated).toContain('call told_with_status');
        expect(interpreted?.all.native).toContainEqual(
          expect.stringContaining('net.core.bpf_jit_enable is 0'),
        );
      },
      400_000,
    );
  },
);
