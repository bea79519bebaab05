/** Types of BTF as C declares them: for people who look for what a probe or a struct holds. */
import { BTF_KIND, damaged } from '../../linker/btf/btf.ts';
import { type Btf, bitfieldOf } from '../../linker/btf/read.ts';

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
  if (depth > DEEPEST) throw damaged(`type ${id} refers to itself`);
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
      return next(btf.array(id).element, `${inner}[${btf.array(id).count}]`);
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
  const parameters = btf.parameters(prototype);
  if (parameters.length === 0) return 'void';
  return parameters
    .map(({ name, type }) => (type === 0 ? '...' : declare(btf, type, name, depth + 1)))
    .join(', ');
}

function keyword(btf: Btf, id: number): string {
  const kind = btf.kind(id);
  if (kind === BTF_KIND.struct) return 'struct';
  return kind === BTF_KIND.union ? 'union' : 'enum';
}

/** `struct NAME { ... }`; inner types without a name stand where they are used. */
function body(btf: Btf, id: number, depth: number): string {
  if (depth > DEEPEST) throw damaged(`type ${id} contains itself`);
  const name = btf.name(id);
  const head = `${keyword(btf, id)}${name === '' ? '' : ` ${name}`}`;
  const enumeration = btf.kind(id) === BTF_KIND.enum || btf.kind(id) === BTF_KIND.enum64;
  const lines = enumeration
    ? btf.enumerators(id).map(([label, value]) => `${label} = ${value},`)
    : btf.members(id).map((member) => {
        const { bits } = bitfieldOf(btf, member);
        const declared = declare(btf, member.type, member.name, depth);
        return `${declared}${bits === 0 ? '' : ` : ${bits}`};`;
      });
  return `${head} {\n${lines.map((line) => `${indented(line)}\n`).join('')}}`;
}

function indented(text: string): string {
  return text.replace(/^/gm, '\t');
}
