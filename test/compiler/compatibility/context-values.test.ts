/** Fields of tracepoints, arguments and results: what the loader makes of each on a kernel. */
import { describe, expect, it } from 'vitest';
import { contextValue } from '../../../compiler/compatibility/context-values.ts';
import { type Host, openHost } from '../../../compiler/compatibility/host.ts';
import {
  type ObjectView,
  openObject,
  type ProbeView,
} from '../../../compiler/compatibility/object.ts';
import { UndescribedError } from '../../../compiler/kernel/error.ts';
import type { TracepointField } from '../../../compiler/kernel/types.ts';
import { UINT32 } from '../../../compiler/types/type.ts';
import { BTF_KIND } from '../../../linker/btf/btf.ts';
import { build } from '../../support/build.ts';
import { EMBEDDED, kernelWith } from './kernels.ts';

const here = openHost(EMBEDDED);
const object = openObject(build('begin { exit(); }'));
const PLACE = { file: 'x.bt', line: 3, column: 5 };
const HINT = 'Build the script with --kernel, against a description of this kernel.';

const probe = (provider: string, target: object, name = 'the probe'): ProbeView => ({
  ...{ program: 'p', name, provider, target: { provider, ...target } as ProbeView['target'] },
  ...{ isOpen: false, block: 0, place: PLACE },
});

describe('a field of a tracepoint', () => {
  const FIELD: TracepointField = {
    ...{ name: 'it', ctype: 'int', type: UINT32, offset: 24, size: 4, signed: true },
    ...{ dataLoc: false },
  };

  /** What is said of a field that the script's kernel had at 16, on a kernel that has `found`. */
  function check(
    found: Partial<TracepointField> | undefined,
    wanted: object = {},
    fixup: object = {},
  ) {
    const kernel = kernelWith({
      tracepoint: () => (found === undefined ? undefined : [{ ...FIELD, ...found }]),
    });
    const tracepoint = {
      category: 'c',
      event: 'e',
      field: 'it',
      form: 'signed',
      size: 4,
      ...wanted,
    };
    const { finding, immediate } = contextValue({
      ...{ object, host: openHost(kernel), probe: probe('tracepoint', {}), instruction: undefined },
      ...{ fixup: { site: 'load', value: 16, tracepoint, ...fixup } as never, place: PLACE },
    });
    expect(finding).toMatchObject({ kind: 'tracepoint field', name: 'c:e.it', place: PLACE });
    return { said: `${finding.verdict}: ${finding.reason ?? ''}`, hint: finding.hint, immediate };
  }
  const differs = (why: string) => ({
    ...{
      said: `other layout: Field 'it' of tracepoint c:e ${why}`,
      hint: HINT,
      immediate: undefined,
    },
  });
  const OK = { said: 'ok: ', hint: undefined, immediate: undefined };

  it('is where it was, or elsewhere', () => {
    expect(check({ offset: 16 })).toEqual(OK);
    expect(check({})).toEqual({ ...OK, said: 'adapted: It is int at 24.' });
    // How far a value is shifted says nothing of the place.
    expect(check({}, {}, { site: 'shift' })).toEqual(OK);
  });

  it('is missing without its event, or without its name', () => {
    expect(check(undefined)).toMatchObject({
      said: 'missing: This kernel has no tracepoint c:e.',
      hint: HINT,
    });
    expect(check({ name: 'other' })).toMatchObject({
      said: "missing: Tracepoint c:e has no field 'it' on this kernel.",
    });
    const none = kernelWith({
      tracepoint: () => {
        throw new UndescribedError('none');
      },
    });
    const { finding } = contextValue({
      ...{ object, host: openHost(none), probe: probe('tracepoint', {}), instruction: undefined },
      ...{
        fixup: { tracepoint: { category: 'c', event: 'e', field: 'it' } } as never,
        place: PLACE,
      },
    });
    expect(finding).toMatchObject({
      verdict: 'unknown',
      reason: 'The description of the kernel has no tracepoints.',
      hint: "`bpfscript kernel capture` takes tracepoints from the kernel's packages, and those of other files by --tracing.",
    });
  });

  it('is a number that suits', () => {
    const at16 = { offset: 16 };
    expect(check({ ...at16, size: 2 })).toEqual({ ...OK, said: 'adapted: It is int at 16.' });
    expect(check({ ...at16, size: 8 })).toEqual(
      differs('has 8 bytes on this kernel, and the script was built for 4.'),
    );
    expect(check({ ...at16, signed: false })).toEqual(
      differs('has no sign on this kernel, and the script was built for a number with one.'),
    );
    expect(check({ ...at16, signed: true }, { form: 'unsigned' })).toEqual(
      differs('has a sign on this kernel, and the script was built for a number without one.'),
    );
    // What sign a character has is the choice of each kernel's build.
    expect(check({ ...at16, ctype: 'char', signed: false, size: 4 })).toEqual(OK);
    expect(check({ ...at16, ctype: 'char *', signed: false }, { form: 'unsigned' })).toEqual(OK);
    expect(check({ ...at16, ctype: 'charter', signed: false }, { form: 'unsigned' })).toEqual(OK);
  });

  it('is an array, or one value', () => {
    const array = { ctype: 'char[16]', size: 16, offset: 16, signed: false };
    const dynamic = { ctype: '__data_loc char[]', dataLoc: true, offset: 16, size: 4 };
    expect(check(array, { form: 'array', size: 16 })).toEqual(OK);
    expect(check({ ...array, size: 20 }, { form: 'array', size: 16 })).toEqual(OK);
    expect(check({ ...array, size: 15 }, { form: 'array', size: 16 })).toEqual(
      differs('has 15 bytes on this kernel, and the script was built for 16.'),
    );
    expect(check(array)).toEqual(
      differs('is an array on this kernel, and the script was built for one value.'),
    );
    expect(check({ offset: 16 }, { form: 'array', size: 16 })).toEqual(
      differs('is one value on this kernel, and the script was built for an array.'),
    );
    expect(check(dynamic, { form: 'array', size: 16 })).toEqual(
      differs('is an array of any length on this kernel, and the script was built for an array.'),
    );
    expect(check(dynamic, { form: 'strange', size: 16 })).toEqual(
      differs(
        'is an array of any length on this kernel, and the script was built for another form.',
      ),
    );
    expect(check(dynamic, { form: 'dynamic', size: 4 })).toEqual(OK);
  });

  it('is a text in either form', () => {
    const dynamic = { ctype: '__data_loc char[]', dataLoc: true, offset: 16, size: 4 };
    const text = { form: 'array', size: 16, text: 'place' };
    expect(check(dynamic, text)).toEqual({
      ...OK,
      said: 'adapted: It is __data_loc char[] at 16.',
    });
    expect(check({ offset: 16 }, text)).toEqual(
      differs('is one value on this kernel, and the script was built for an array.'),
    );
    const form = { form: 'array', size: 16, text: 'form' };
    const immediate = { site: 'immediate', value: 0 };
    expect(check(dynamic, form, immediate).immediate).toBe(1);
    expect(check({ ctype: 'char[16]', size: 16 }, form, immediate)).toEqual({
      ...OK,
      immediate: 0,
    });
  });

  it('may have what it holds behind it', () => {
    const dynamic = { form: 'dynamic', size: 4, base: true };
    const immediate = { site: 'immediate', value: 0 };
    const loc = (ctype: string) => ({ ctype, dataLoc: true, offset: 16 });
    expect(check(loc('__data_loc char[]'), dynamic, immediate)).toEqual({ ...OK, immediate: 0 });
    expect(check(loc('__rel_loc char[]'), dynamic, immediate)).toEqual({
      ...{ said: 'adapted: It is __rel_loc char[] at 16.', hint: undefined, immediate: 20 },
    });
    expect(check({ offset: 16 }, {}, { site: 'immediate', value: 16 })).toEqual({
      ...OK,
      immediate: 16,
    });
    expect(check({}, {}, { site: 'immediate', value: 16 })).toEqual({
      ...{ said: 'adapted: It is int at 24.', hint: undefined, immediate: 24 },
    });
  });

  it('holds or leads to what it did', () => {
    const array = { ctype: 'int[4]', size: 16, offset: 16, signed: false };
    const wanted = { form: 'array', size: 16, of: 'int' };
    expect(check({ ...array, of: 'int' }, wanted)).toEqual(OK);
    expect(check({ ...array, of: 'long' }, wanted)).toEqual(
      differs('holds long on this kernel, and the script was built for int.'),
    );
    expect(check(array, wanted)).toEqual(
      differs('holds another type on this kernel, and the script was built for int.'),
    );
    const pointer = { ctype: 'struct a *', size: 8, offset: 16, signed: false };
    const own = { form: 'unsigned', size: 8, of: 'struct a' };
    expect(check({ ...pointer, of: 'struct a' }, own)).toEqual(OK);
    expect(check(pointer, own)).toEqual(OK);
    expect(check({ ...pointer, of: 'struct b' }, own)).toEqual(
      differs('leads to struct b on this kernel, and the script was built for struct a.'),
    );
  });
});

describe('an argument or a result', () => {
  const [kernel] = here.btfs;
  if (!kernel) throw new Error('no types');
  /** Of the object's own types: these are the kernel's. */
  const asKernel: ObjectView = { ...object, btf: kernel };
  const typeOf = (kind: number, name: string): number => {
    const id = kernel.find(kind, name);
    if (id === undefined) throw new Error(`no ${name}`);
    return id;
  };
  const [SIZE, SSIZE] = ['size_t', 'ssize_t'].map((name) => typeOf(BTF_KIND.typedef, name));

  function check(
    target: ProbeView,
    argument: { readonly name?: string; readonly type: number | undefined },
    fixup: object = {},
    host: Host = here,
  ) {
    const { finding, immediate } = contextValue({
      ...{ object: asKernel, host, probe: target, instruction: undefined, place: PLACE },
      fixup: { site: 'load', value: 16, argument, ...fixup } as never,
    });
    expect(finding).toMatchObject({ kind: 'argument', place: PLACE });
    return { name: finding.name, said: `${finding.verdict}: ${finding.reason ?? ''}`, immediate };
  }
  const read = probe('fexit', { function: 'vfs_read' }, 'fexit:vfs_read');
  const count = { name: 'count', type: SIZE };

  it('is the one of its name', () => {
    const name = 'fexit:vfs_read args.count';
    expect(check(read, count)).toEqual({ name, said: 'ok: ', immediate: undefined });
    expect(check(read, count, { value: 8 }).said).toBe(
      "adapted: It is argument 2, where the script's kernel has 1.",
    );
    expect(check(read, count, { value: 8, site: 'shift' }).said).toBe('ok: ');
    expect(check(read, count, { site: 'immediate' })).toEqual({
      name,
      said: 'ok: ',
      immediate: 16,
    });
    expect(check(read, { ...count, name: 'gone' }).said).toBe(
      "missing: fexit:vfs_read has no argument 'gone' on this kernel. It has: file, buf, count, pos.",
    );
  });

  it('is a result behind the arguments', () => {
    const result = { type: SSIZE };
    expect(check(read, result, { value: 32 })).toEqual({
      ...{ name: 'fexit:vfs_read retval', said: 'ok: ', immediate: undefined },
    });
    expect(check(read, result, { value: 24 }).said).toBe(
      "adapted: It is argument 4, where the script's kernel has 3.",
    );
    const nothing = probe('fexit', { function: 'schedule' }, 'fexit:schedule');
    expect(check(nothing, result).said).toBe(
      'missing: fexit:schedule returns nothing on this kernel.',
    );
  });

  it('suits, or is otherwise', () => {
    expect(check(read, { ...count, type: SSIZE }).said).toBe(
      'other layout: args.count of fexit:vfs_read has no sign on this kernel, and the script was built for a number with one.',
    );
    const narrow = typeOf(BTF_KIND.int, 'unsigned int');
    expect(check(read, { ...count, type: narrow }).said).toBe(
      'other layout: args.count of fexit:vfs_read has 8 bytes on this kernel, and the script was built for 4.',
    );
    const nanosleep = probe('fentry', { function: 'do_nanosleep' }, 'fentry:do_nanosleep');
    expect(check(nanosleep, { name: 'mode', type: SIZE }, { value: 8 }).said).toBe(
      "adapted: It has 4 bytes, where the script's kernel has 8.",
    );
    const struct = typeOf(BTF_KIND.struct, 'sock');
    expect(check(read, { name: 'file', type: struct }).said).toMatch(
      /^other layout: args\.file of fexit:vfs_read /,
    );
  });

  it('is of a function or event that the kernel’s types describe', () => {
    const gone = probe('fentry', { function: 'no_such' }, 'fentry:no_such');
    expect(check(gone, count).said).toBe(
      "missing: The kernel's BTF does not say what fentry:no_such is called with.",
    );
    expect(check(read, count, {}, { ...here, btfs: [] }).said).toBe(
      'unknown: The description of the kernel has no BTF.',
    );
    const event = probe('rawtracepoint', { event: 'sched_switch' }, 'rawtracepoint:sched_switch');
    const bool = typeOf(BTF_KIND.typedef, 'bool');
    expect(check(event, { name: 'preempt', type: bool }, { value: 0 }).said).toBe('ok: ');
    expect(check(event, { name: 'preempt_', type: bool }).said).toBe(
      "missing: rawtracepoint:sched_switch has no argument 'preempt_' on this kernel. It has: preempt, prev, next, prev_state.",
    );
    const none = probe('fentry', { function: 'schedule' }, 'fentry:schedule');
    expect(check(none, count).said).toBe(
      "missing: fentry:schedule has no argument 'count' on this kernel. It has: none.",
    );
  });
});
