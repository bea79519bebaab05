/** What becomes of an object on a kernel, from the file and the kernel's description alone. */
import { MISSING_CALL } from '../../linker/contract/lookups.ts';
import { SHARED_VARIABLES } from '../../linker/contract/variables.ts';
import type { Instruction } from '../../linker/elf/instruction.ts';
import { asNumber, asObject, asObjects, asText } from '../../linker/inspect/json.ts';
import type { Kernel } from '../kernel/description.ts';
import { checkAssumptions } from './assumptions.ts';
import { contextValue } from './context-values.ts';
import { checkCopies } from './copied-structs.ts';
import {
  checkFeatures,
  checkHelper,
  checkMapTypes,
  checkProgramTypes,
  checkSettings,
} from './facilities.ts';
import { type Finding, isFault, summarise } from './finding.ts';
import { type Host, keepsThreadValues, openHost } from './host.ts';
import { checkKernelSymbols } from './kernel-symbols.ts';
import { type Answer, answers, missingAnswer } from './lookups.ts';
import {
  type ObjectFunction,
  type ObjectView,
  openObject,
  type ProbeView,
  probesOf,
} from './object.ts';
import { prototypeOfFunction } from './prototypes.ts';
import { type ReachableCode, reachable } from './reach.ts';
import { isMemberQuestion, relocationContext, resolveRelocation } from './relocations.ts';
import { checkTargets } from './targets.ts';

const CALL = 0x85;
/** BPF_PSEUDO_CALL, BPF_PSEUDO_KFUNC_CALL; 0 for helpers. */
const OTHER_CALLS: ReadonlySet<number> = new Set([1, 2]);

/** Numbers that are known where the object is loaded without flags and parameters: they stay, or follow from the kernel. */
const STANDING = ['filterPid', 'filterNamespace', 'childPid', 'paramCount', 'threadValues'];

/** What an object is on one kernel. */
export interface Compatibility {
  /** The kernel's, as `uname -r` says. */
  readonly release: string;
  /** Whether the loader loads and attaches it there, as far as the description says. */
  readonly loads: boolean;
  /** One for each thing that the object asks for. */
  readonly findings: readonly Finding[];
}

/**
 * Of an object's bytes on the kernel of a description. Throws ElfError or BtfError for bytes that are no object of this
 * tool, and KernelDescriptionError or BtfError for a damaged description.
 */
export function checkBytes(bytes: Uint8Array, kernel: Kernel): Compatibility {
  return checkOn(openObject(bytes), openHost(kernel));
}

/** The same of an object and a kernel that are asked for more than once. The object has been read through by now. */
export function checkOn(object: ObjectView, host: Host): Compatibility {
  const findings = checkObject(object, host);
  return { release: host.release, loads: !findings.some(isFault), findings };
}

/** One finding for each thing that the object asks for. */
export function checkObject(object: ObjectView, host: Host): readonly Finding[] {
  const architecture = checkArchitecture(object, host);
  if (isFault(architecture)) return [architecture];
  const targets = checkTargets(object, host, probesOf(object));
  const loaded = targets.filter(({ isLoaded }) => isLoaded).map(({ probe }) => probe);
  const answered = answers(object, host);
  return summarise([
    architecture,
    ...targets.map(({ finding }) => finding),
    ...checkFeatures(object, host),
    ...checkSettings(object, host, loaded),
    ...checkProgramTypes(host, loaded),
    ...checkMapTypes(object, host),
    ...checkKernelSymbols(object, host),
    // The loader's order: of one struct the first fault is told.
    ...checkAssumptions(object, host),
    ...checkCopies(object, host),
    ...answered.flatMap(({ finding }) => finding ?? []),
    ...checkCode(object, host, loaded, answered),
  ]);
}

/** Objects run on others, too, where nothing ties them to theirs. */
function checkArchitecture({ kernel, manifest, script }: ObjectView, { arch }: Host): Finding {
  const ties = manifest.ties === undefined ? undefined : asObjects(manifest.ties);
  const about = { kind: 'architecture', name: ties?.length === 0 ? 'any' : kernel.arch } as const;
  if (kernel.arch === arch || ties?.length === 0) return { ...about, verdict: 'ok' };
  const [first] = ties ?? [];
  const because = first ? `: ${asText(first.reason)}` : '';
  const line = asNumber(first?.line);
  return {
    ...about,
    verdict: 'missing',
    reason: `The object was built for ${kernel.arch}, and this kernel is of ${arch}${because}.`,
    ...(first && line > 0
      ? { place: { file: asText(first.file) || script, line, column: 0 } }
      : {}),
    hint: `Build the script with --kernel, against a description of a kernel for ${arch}.`,
  };
}

/** A function as it is loaded. */
interface Adapted extends ReachableCode {
  readonly fn: ObjectFunction;
  readonly findings: readonly Finding[];
  /** What only counts where its instruction is reached. */
  readonly reached: readonly { readonly insn: number; readonly finding: Finding }[];
}

function checkCode(
  object: ObjectView,
  host: Host,
  probes: readonly ProbeView[],
  answered: readonly Answer[],
): readonly Finding[] {
  const context = relocationContext(object, host);
  const isLoaded = (fn: ObjectFunction) =>
    !fn.isProgram || probes.some(({ program }) => program === fn.name);
  const adapted = object.functions.filter(isLoaded).map((fn): Adapted => {
    const code: Instruction[] = [...fn.code];
    const findings: Finding[] = [];
    const reached: { insn: number; finding: Finding }[] = [];
    const questions: { readonly value: number; readonly finding: Finding }[] = [];
    const poisoned = new Set<number>();
    const set = (insn: number, imm: number): void => {
      const old = code[insn];
      // The offset of a load stays as it is: nothing here depends on it.
      if (old && (old.code & 7) !== 1 && (old.code & 7) !== 3) code[insn] = { ...old, imm };
    };
    const probe = probes.find(({ program }) => program === fn.name);
    for (const fixup of asObjects(object.manifest.fixups)) {
      if (asText(fixup.program) !== fn.name || !probe) continue;
      const insn = asNumber(fixup.insn);
      const place = object.placeOf(fn, insn);
      const value = contextValue({ object, host, probe, fixup, instruction: code[insn], place });
      findings.push(value.finding);
      if (value.immediate !== undefined) set(insn, value.immediate);
    }
    for (const relocation of fn.relocations) {
      const { value, finding } = resolveRelocation(context, fn, relocation);
      if (host.btfs.length === 0) {
        findings.push({
          ...finding,
          verdict: 'unknown',
          reason: 'The description of the kernel has no BTF.',
        });
      } else if (value === undefined || isFault(finding)) {
        // What the kernel has otherwise is made an instruction that cannot be loaded, as what it lacks.
        poisoned.add(relocation.insn);
        reached.push({ insn: relocation.insn, finding });
      } else {
        if (isMemberQuestion(relocation)) questions.push({ value, finding });
        else findings.push(finding);
        set(relocation.insn, value);
      }
    }
    findings.push(...memberAnswers(questions));
    return {
      fn,
      name: fn.name,
      offset: fn.offset,
      code,
      references: fn.references,
      poisoned,
      findings,
      reached,
    };
  });
  const input = {
    functions: adapted,
    functionAt: (offset: number) =>
      adapted.find(({ fn }) => fn.section === '.text' && fn.offset === offset),
    constant: constants(object, host, answered),
  };
  const marks = reachable(
    input,
    adapted.filter(({ fn }) => fn.isProgram),
  );
  return adapted.flatMap((each) => {
    const isReached = (insn: number) => marks.get(each.name)?.has(insn) === true;
    return [
      ...each.findings,
      ...each.reached.map(({ insn, finding }) => (isReached(insn) ? finding : leftOut(finding))),
      ...callsOf(object, host, each, isReached),
    ];
  });
}

/** A member is asked for as each kind of member, and is there where it is one of them. */
function memberAnswers(
  questions: readonly { readonly value: number; readonly finding: Finding }[],
): readonly Finding[] {
  const there = new Set(
    questions.filter(({ value }) => value !== 0).map(({ finding }) => finding.name),
  );
  return questions
    .filter(({ value, finding }) => value !== 0 || !there.has(finding.name))
    .map(({ finding }) => finding);
}

/** What would be a fault is none there; what to do about one is nothing to say. */
function leftOut({ kind, name, reason, place }: Finding): Finding {
  const where = 'The script does not come to it on this kernel.';
  return {
    kind,
    name,
    verdict: 'left out',
    reason: reason === undefined ? where : `${reason} ${where}`,
    place,
  };
}

/** Helpers and functions of the kernel that are called. */
function callsOf(
  object: ObjectView,
  host: Host,
  { fn }: Adapted,
  isReached: (insn: number) => boolean,
): readonly Finding[] {
  return fn.code.flatMap(({ code, src, imm }, insn): readonly Finding[] => {
    if (code !== CALL) return [];
    const reference = fn.references.get(insn);
    const place = object.placeOf(fn, insn);
    if (reference && reference.section === '') {
      const [kernel] = host.btfs;
      const { name } = reference;
      if (!kernel || prototypeOfFunction(kernel, name)) return [];
      const finding: Finding = {
        kind: 'kernel function',
        name,
        verdict: 'missing',
        reason: `This kernel has no function ${name}, which the script calls.`,
        place,
      };
      return [isReached(insn) ? finding : leftOut(finding)];
    }
    if (reference || OTHER_CALLS.has(src)) return [];
    const finding =
      imm < MISSING_CALL ? checkHelper(imm, host, place) : missingAnswer(object, host, imm);
    if (!finding) return [];
    return [isFault(finding) && !isReached(insn) ? leftOut(finding) : finding];
  });
}

/** Whether a shared variable is in `.rodata`; the others are no constants, and their offsets are of `.bss`. */
function isFrozen(name: string): boolean {
  const variables: Readonly<Record<string, { readonly section: string }>> = SHARED_VARIABLES;
  return variables[name]?.section !== '.bss';
}

function isPlace(offset: unknown, size: number, bytes: Uint8Array): offset is number {
  return Number.isInteger(offset) && Number(offset) >= 0 && Number(offset) + size <= bytes.length;
}

/** Numbers of `.rodata` as they stand when the object is loaded without flags and parameters. */
function constants(
  { manifest, rodata }: ObjectView,
  host: Host,
  answered: readonly Answer[],
): (offset: number, size: number) => bigint | undefined {
  const bytes = Buffer.from(rodata);
  const open = new Uint8Array(rodata.length);
  const globals =
    typeof manifest.globals === 'object' ? Object.entries(manifest.globals ?? {}) : [];
  const fill = (offset: number, size: number) => open.fill(1, offset, offset + size);
  for (const [name, offset] of globals)
    if (!STANDING.includes(name) && isFrozen(name))
      fill(asNumber(offset), name === 'pidNamespace' ? 16 : 8);
  // Standing ones may lie behind one whose size was overrun.
  for (const [name, offset] of globals)
    if (STANDING.includes(name)) open.fill(0, asNumber(offset), asNumber(offset) + 4);
  const thread = asObject(manifest.globals).threadValues;
  if (keepsThreadValues(host) && isPlace(thread, 4, bytes)) bytes.writeUInt32LE(1, thread);
  for (const probe of asObjects(manifest.probes)) {
    if (probe.syscalls !== undefined) fill(asNumber(probe.syscalls), 2048);
    for (const address of asObjects(probe.addresses)) fill(asNumber(address.offset), 8);
  }
  for (const { offset, value } of answered) {
    if (value === undefined) fill(offset, 8);
    else if (isPlace(offset, 8, bytes)) bytes.writeBigUInt64LE(BigInt.asUintN(64, value), offset);
  }
  return (offset, size) => {
    if (offset < 0 || offset + size > bytes.length) return undefined;
    if (open.subarray(offset, offset + size).includes(1)) return undefined;
    let value = 0n;
    for (let index = size - 1; index >= 0; index -= 1)
      value = (value << 8n) | BigInt(bytes[offset + index] ?? 0);
    return value;
  };
}
