/** Types of BTF as C declares them: for people who look for what a probe or a struct holds. */
import { BTF_KIND, type Btf } from './btf.ts';
import { integerBits, skipModifiers } from './btf-types.ts';
import { KernelDescriptionError } from './error.ts';

/** Deeper than C code nests: a damaged description may hold a circle. */
const DEEPEST = 64;

/** `struct sock * sk`, `int (*cb)(void *)`, `char name[16]`: a parameter as listings show it. */
export function parameterText(btf: Btf, typeId: number, name: string): string {
  const type = declare(btf, typeId, '', 0);
  return /[\])]$/.test(type) ? declare(btf, typeId, name, 0) : `${type} ${name}`;
}

/** All of a struct, union or enum, in lines. */
export function definitionText(btf: Btf, id: number): string {
  return `${body(btf, id, 0)};\n`;
}

/** The type with what stands around the name: C declarators are read from the inside out. */
function declare(btf: Btf, id: number, inner: string, depth: number): string {
  if (depth > DEEPEST)
    throw new KernelDescriptionError(`the BTF is damaged: type ${id} refers to itself`);
  const next = (type: number, text: string) => declare(btf, type, text, depth + 1);
  const spaced = inner === '' ? '' : ` ${inner}`;
  switch (btf.kind(id)) {
    case BTF_KIND.pointer: {
      const target = btf.sizeOrType(id);
      const pointee = btf.kind(skipTags(btf, target));
      const star = `*${inner}`;
      const bound = pointee === BTF_KIND.array || pointee === BTF_KIND.prototype;
      return next(target, bound ? `(${star})` : star);
    }
    case BTF_KIND.array:
      return next(btf.word(id, 0), `${inner}[${btf.word(id, 2)}]`);
    case BTF_KIND.prototype:
      return next(btf.sizeOrType(id), `${inner}(${parametersText(btf, id, depth)})`);
    case BTF_KIND.const:
      return qualified(btf, id, 'const', inner, depth);
    case BTF_KIND.volatile:
      return qualified(btf, id, 'volatile', inner, depth);
    case BTF_KIND.restrict:
      return qualified(btf, id, 'restrict', inner, depth);
    case BTF_KIND.typeTag:
      return next(btf.sizeOrType(id), inner);
    case BTF_KIND.struct:
    case BTF_KIND.union:
    case BTF_KIND.enum:
    case BTF_KIND.enum64:
      return btf.name(id) === ''
        ? `${body(btf, id, depth + 1)}${spaced}`
        : `${keyword(btf, id)} ${btf.name(id)}${spaced}`;
    case BTF_KIND.forward:
      return `${btf.flag(id) ? 'union' : 'struct'} ${btf.name(id)}${spaced}`;
    default:
      return `${btf.name(id)}${spaced}`;
  }
}

/** `const` belongs to a pointer behind its star, and before everything else. */
function qualified(btf: Btf, id: number, word: string, inner: string, depth: number): string {
  const target = btf.sizeOrType(id);
  if (btf.kind(skipTags(btf, target)) === BTF_KIND.pointer)
    return declare(btf, target, inner === '' ? word : `${word} ${inner}`, depth + 1);
  return `${word} ${declare(btf, target, inner, depth + 1)}`;
}

function skipTags(btf: Btf, id: number): number {
  let current = id;
  for (let depth = 0; depth < DEEPEST && btf.kind(current) === BTF_KIND.typeTag; depth += 1)
    current = btf.sizeOrType(current);
  return current;
}

function parametersText(btf: Btf, prototype: number, depth: number): string {
  const count = btf.length(prototype);
  if (count === 0) return 'void';
  return Array.from({ length: count }, (_, index) => {
    const type = btf.word(prototype, index * 2 + 1);
    return type === 0
      ? '...'
      : declare(btf, type, btf.string(btf.word(prototype, index * 2)), depth + 1);
  }).join(', ');
}

function keyword(btf: Btf, id: number): string {
  const kind = btf.kind(id);
  if (kind === BTF_KIND.struct) return 'struct';
  return kind === BTF_KIND.union ? 'union' : 'enum';
}

/** `struct NAME { ... }`; inner types without a name stand where they are used. */
function body(btf: Btf, id: number, depth: number): string {
  if (depth > DEEPEST)
    throw new KernelDescriptionError(`the BTF is damaged: type ${id} contains itself`);
  const name = btf.name(id);
  const head = `${keyword(btf, id)}${name === '' ? '' : ` ${name}`}`;
  const enumeration = btf.kind(id) === BTF_KIND.enum || btf.kind(id) === BTF_KIND.enum64;
  const lines = Array.from({ length: btf.length(id) }, (_, index) =>
    enumeration ? enumerator(btf, id, index) : member(btf, id, index, depth),
  );
  return `${head} {\n${lines.map((line) => `${indented(line)}\n`).join('')}}`;
}

function indented(text: string): string {
  return text.replace(/^/gm, '\t');
}

function enumerator(btf: Btf, id: number, index: number): string {
  const signed = btf.flag(id);
  const wide = btf.kind(id) === BTF_KIND.enum64;
  const at = index * (wide ? 3 : 2);
  const low = btf.word(id, at + 1);
  const high = wide ? btf.word(id, at + 2) : 0;
  const whole = (BigInt(high) << 32n) | BigInt(low);
  const value = signed ? BigInt.asIntN(wide ? 64 : 32, whole) : whole;
  return `${btf.string(btf.word(id, at))} = ${value},`;
}

function member(btf: Btf, id: number, index: number, depth: number): string {
  const name = btf.string(btf.word(id, index * 3));
  const type = btf.word(id, index * 3 + 1);
  const bits = btf.flag(id) ? btf.word(id, index * 3 + 2) >>> 24 : oldBits(btf, type);
  return `${declare(btf, type, name, depth)}${bits === 0 ? '' : ` : ${bits}`};`;
}

/** Before the kind flag a bitfield was an integer type of fewer bits. */
function oldBits(btf: Btf, type: number): number {
  const base = skipModifiers(btf, type);
  if (btf.kind(base) !== BTF_KIND.int) return 0;
  const { bits } = integerBits(btf, base);
  return bits === btf.sizeOrType(base) * 8 ? 0 : bits;
}
