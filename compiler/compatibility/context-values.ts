/** Values in contexts, which the loader finds on the host: fields of tracepoints, arguments and results. */
import { haveSameBytes } from '../../linker/contract/numbers.ts';
import type { Instruction } from '../../linker/elf/instruction.ts';
import { asNumber, asObject, asText, type Json } from '../../linker/inspect/json.ts';
import type { TracepointField } from '../kernel/types.ts';
import type { Finding, Verdict } from './finding.ts';
import { type Host, orNone } from './host.ts';
import type { ObjectView, ProbeView, ScriptPlace } from './object.ts';
import { type Prototype, type PrototypeValue, prototypeOfProbe } from './prototypes.ts';
import { layoutDiffers, type NumberType, numberDoesNotSuit, numberType } from './type-match.ts';

export interface ContextValue {
  readonly finding: Finding;
  /** The immediate that the loader writes; undefined where it is another part of the instruction. */
  readonly immediate: number | undefined;
}

export interface ContextInput {
  readonly object: ObjectView;
  readonly host: Host;
  readonly probe: ProbeView;
  readonly fixup: Json;
  readonly instruction: Instruction | undefined;
  readonly place: ScriptPlace | undefined;
}

const HINT = 'Build the script with --kernel, against a description of this kernel.';
const DESCRIBE =
  "`bpfscript kernel capture` takes tracepoints from the kernel's packages, and those of other files by --tracing.";

/** What the loader does with one of the manifest's fixups. */
export function contextValue(input: ContextInput): ContextValue {
  return input.fixup.tracepoint === undefined ? argument(input) : tracepointField(input);
}

function argument({ object, host, probe, fixup, place }: ContextInput): ContextValue {
  const { name: parameter, type } = asObject(fixup.argument);
  const called = parameter === undefined ? 'retval' : `args.${asText(parameter)}`;
  const refused = (verdict: Verdict, reason: string): ContextValue => ({
    finding: {
      kind: 'argument',
      name: `${probe.name} ${called}`,
      verdict,
      reason,
      hint: HINT,
      place,
    },
    immediate: undefined,
  });
  if (host.btfs.length === 0)
    return refused('unknown', 'The description of the kernel has no BTF.');
  const prototype = prototypeOfProbe(host, probe);
  if (!prototype)
    return refused('missing', `The kernel's BTF does not say what ${probe.name} is called with.`);
  const value = chosen(prototype, parameter);
  if (!value)
    return refused(
      'missing',
      `${probe.name} has no argument '${asText(parameter)}' on this kernel. It has: ${prototype.parameters.map(({ name }) => name).join(', ') || 'none'}.`,
    );
  if (parameter === undefined && value.type === 0)
    return refused('missing', `${probe.name} returns nothing on this kernel.`);
  const local = numberType(object.btf, asNumber(type));
  const is = numberType(prototype.btf, value.type);
  const why =
    local && is
      ? numberDoesNotSuit(local, is)
      : layoutDiffers(object.btf, asNumber(type), prototype.btf, value.type);
  if (why !== undefined) return refused('other layout', `${called} of ${probe.name} ${why}.`);
  const offset = value.slot * 8;
  const moved = fixup.site !== 'shift' && offset !== asNumber(fixup.value);
  const narrower = local && is && is.size !== local.size;
  return {
    finding: {
      kind: 'argument',
      name: `${probe.name} ${called}`,
      ...(moved || narrower
        ? {
            verdict: 'adapted',
            reason: moved
              ? `It is argument ${value.slot}, where the script's kernel has ${asNumber(fixup.value) / 8}.`
              : `It has ${is?.size} bytes, where the script's kernel has ${local?.size}.`,
          }
        : { verdict: 'ok' }),
      place,
    },
    immediate: fixup.site === 'immediate' ? offset : undefined,
  };
}

function chosen(prototype: Prototype, parameter: unknown): PrototypeValue | undefined {
  if (parameter === undefined) return prototype.result;
  return prototype.parameters.find(({ name }) => name === asText(parameter));
}

type Form = 'unsigned' | 'signed' | 'array' | 'dynamic';

const FORM_NAMES: Readonly<Record<Form, string>> = {
  unsigned: 'one value',
  signed: 'one value',
  array: 'an array',
  dynamic: 'an array of any length',
};

/** As the loader's tracefs_field.c reads a field's line. */
function formOf({ ctype, dataLoc, signed }: TracepointField): Form {
  if (dataLoc) return 'dynamic';
  if (ctype.endsWith(']')) return 'array';
  // What sign a character has is the choice of each kernel's build.
  return signed || (/^char\b/.test(ctype) && !ctype.includes('*')) ? 'signed' : 'unsigned';
}

function tracepointField({ host, fixup, place }: ContextInput): ContextValue {
  const wanted = asObject(fixup.tracepoint);
  const [category, event, field] = [wanted.category, wanted.event, wanted.field].map(asText);
  const name = `${category}:${event}.${field}`;
  const refused = (verdict: Verdict, reason: string): ContextValue => ({
    finding: {
      kind: 'tracepoint field',
      name,
      verdict,
      reason,
      hint: verdict === 'unknown' ? DESCRIBE : HINT,
      place,
    },
    immediate: undefined,
  });
  const described = orNone(() => ({
    fields: host.description.tracepoint(category ?? '', event ?? ''),
  }));
  if (!described) return refused('unknown', 'The description of the kernel has no tracepoints.');
  if (!described.fields)
    return refused('missing', `This kernel has no tracepoint ${category}:${event}.`);
  const found = described.fields.find((each) => each.name === field);
  if (!found)
    return refused(
      'missing',
      `Tracepoint ${category}:${event} has no field '${field}' on this kernel.`,
    );
  const why = fieldDiffers(fixup, wanted, found);
  if (why !== undefined)
    return refused('other layout', `Field '${field}' of tracepoint ${category}:${event} ${why}.`);
  const form = formOf(found);
  const number = immediateOf(wanted, found);
  const moved = fixup.site !== 'shift' && number !== asNumber(fixup.value);
  const changed = form !== wanted.form || (!isArray(form) && found.size !== asNumber(wanted.size));
  return {
    finding: {
      kind: 'tracepoint field',
      name,
      ...(moved || changed
        ? { verdict: 'adapted', reason: `It is ${found.ctype} at ${found.offset}.` }
        : { verdict: 'ok' }),
      place,
    },
    immediate: fixup.site === 'immediate' ? number : undefined,
  };
}

/** The number that the kernel has for an immediate. */
function immediateOf(wanted: Json, found: TracepointField): number {
  if (wanted.text === 'form') return Number(formOf(found) === 'dynamic');
  if (wanted.base === undefined) return found.offset;
  return found.ctype.startsWith('__rel_loc') ? found.offset + found.size : 0;
}

const isArray = (form: Form): boolean => form === 'array' || form === 'dynamic';

function fieldDiffers(fixup: Json, wanted: Json, found: TracepointField): string | undefined {
  return formDiffers(fixup, wanted, found) ?? elementsDiffer(wanted, found);
}

/** Elements of another width or kind, or members of another struct. */
function elementsDiffer(wanted: Json, { of }: TracepointField): string | undefined {
  const held = isArray(asText(wanted.form) as Form);
  if (wanted.of === undefined || (!held && of === undefined)) return undefined;
  const was = asText(wanted.of);
  if (of !== undefined && haveSameBytes(was, of)) return undefined;
  return `${held ? 'holds' : 'leads to'} ${of ?? 'another type'} on this kernel, and the script was built for ${was}`;
}

function formDiffers(fixup: Json, wanted: Json, found: TracepointField): string | undefined {
  const form = formOf(found);
  const was = asText(wanted.form) as Form;
  const size = asNumber(wanted.size);
  if (fixup.site === 'immediate' || isArray(was) || isArray(form)) {
    const isText = wanted.text !== undefined;
    if (form !== was && (isArray(form) || isArray(was)) && !(isText && isArray(form)))
      return `is ${FORM_NAMES[form]} on this kernel, and the script was built for ${FORM_NAMES[was] ?? 'another form'}`;
    return form === was && found.size < size
      ? `has ${found.size} bytes on this kernel, and the script was built for ${size}`
      : undefined;
  }
  const local: NumberType = { size, signed: was === 'signed', isEnum: false };
  return numberDoesNotSuit(local, { size: found.size, signed: form === 'signed', isEnum: false });
}
