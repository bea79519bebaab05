/**
 * Objects that are damaged in one place each: every one is refused, and for that damage. Random damage (hostile.test.ts)
 * shows that the loader lives through it, and not that a check is there.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { btfCases } from './checks/btf.ts';
import { btfExtCases } from './checks/btf-ext.ts';
import { elfCases } from './checks/elf.ts';
import { manifestCases } from './checks/manifest.ts';
import { mapDefinitionCases } from './checks/map-definitions.ts';
import { type Case, Patch, SECTION } from './checks/patch.ts';
import {
  BEGIN,
  closeWorkshop,
  END,
  manifestOf,
  openWorkshop,
  SYSCALLS,
  TICK,
  writeScript,
} from './script.ts';
import { verdictsOf } from './verdicts.ts';

const workshop = openWorkshop();
afterAll(() => closeWorkshop(workshop));

const probes = [BEGIN, SYSCALLS, TICK, END];
const manifest = manifestOf(workshop, probes);
const good = readFileSync(writeScript(workshop, 'good', manifest));

/** Without the relocations that clang leaves beside types: what they name is where they say. */
const unrelocated = new Patch(good)
  .section('.rel.BTF', SECTION.size, 0)
  .section('.rel.BTF.ext', SECTION.size, 0)
  .signed();

/** What the loader has said so far. */
const said = new Set<string>();

/** What is said otherwise than it should be. */
function wrong(cases: readonly Case[]): readonly string[] {
  const verdicts = verdictsOf(
    workshop.folder,
    cases.map(({ object }) => object),
  );
  return cases.flatMap(({ about, reason }, index) => {
    const verdict = verdicts[index] ?? '';
    said.add(verdict);
    const is = reason === 'ok' ? verdict === 'ok' : verdict.includes(reason);
    return is ? [] : [`${about}: '${verdict}' and not '${reason}'`];
  });
}

/** Where objects are checked. What they do (code_effects.c, context_stores.c) is tested in effects.test.ts. */
const SOURCES = ['elf_file', 'elf_check', 'btf_check', 'btf_ext_check', 'map_definitions'].concat(
  ...[['manifest', 'manifest_check', 'manifest_events', 'manifest_metrics', 'manifest_probes']],
  ...[['manifest_read', 'manifest_types']],
);

/** Types of a kernel (damaged-types.test.ts); what libbpf refuses has been refused before it; the form of others. */
const ELSEWHERE = ['Cannot read the kernel', 'libbpf takes no BTF of it', 'the definition of map'];

/** What a file refuses objects with, as patterns: the texts in its calls of what fails. */
function refusals(name: string): readonly RegExp[] {
  const path = join(import.meta.dirname, `../../../loader/src/object/${name}.c`);
  const text = readFileSync(path, 'latin1').replace(/\/\*.*?\*\//gs, '');
  const calls = text.matchAll(/\b(?:fail|damaged|wrong|manifest_wrong)\(([^;]*?)\);/gs);
  return [...calls].flatMap(([, call = '']) => {
    const words = /"(?:[^"\\]|\\.)*"/.exec(call)?.[0].slice(1, -1);
    // The helpers themselves have a form for what they are given.
    if (words === undefined || /^the object is damaged: (%s|\.BTF\.ext: %s)/.test(words)) return [];
    if (words.endsWith('not valid: %s') || words.endsWith('%s: %s')) return [];
    const parts = words.split(/%[a-z]+/).map((part) => part.replace(/[^\w\s]/g, '\\$&'));
    return [new RegExp(parts.join('[^\n]*'))];
  });
}

describe('an object is refused for its own damage, and taken right beside it:', () => {
  it('ELF', () => {
    expect(wrong(elfCases(good))).toEqual([]);
  });
  it('BTF', () => {
    expect(wrong(btfCases(unrelocated))).toEqual([]);
  });
  it('BTF.ext', () => {
    expect(wrong(btfExtCases(unrelocated))).toEqual([]);
  });
  it('definitions of maps', () => {
    expect(wrong(mapDefinitionCases(unrelocated))).toEqual([]);
  });
  it('the manifest', () => {
    expect(wrong(manifestCases(good, manifest))).toEqual([]);
  });

  it('and nothing is checked without a case', () => {
    const formats = SOURCES.flatMap(refusals).filter(
      ({ source }) => !ELSEWHERE.some((words) => source.includes(words)),
    );
    expect(formats.length).toBeGreaterThan(100);
    const messages = [...said].join('\n');
    expect(formats.filter((format) => !format.test(messages)).map(String)).toEqual([]);
  });
});
