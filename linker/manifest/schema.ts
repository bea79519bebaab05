/** docs/manifest.schema.json, out of the shapes of the manifest: `npm run docs` writes it. */
import { PROVIDERS } from '../contract/providers.ts';
import { LOADER_SETTINGS, type LoaderSetting } from '../contract/settings.ts';
import {
  bytes,
  choice,
  type Forms,
  flag,
  type Members,
  number,
  optional,
  type Shape,
  whole,
} from '../contract/shape.ts';
import { STORES } from '../contract/stores.ts';
import { TYPES } from '../contract/types.ts';
import { SHARED_VARIABLES } from '../contract/variables.ts';
import { MANIFEST, PARTS } from './manifest.ts';

type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json };
type Schema = { readonly [name: string]: Json };

export function renderSchema(): string {
  const schema: Schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Manifest of a bpfscript object',
    description:
      'The JSON document in section `.bpfscript`. Offsets and sizes are bytes; indexes are into the arrays of this document. Made by `npm run docs` of linker/manifest/manifest.ts and linker/contract.',
    ...members(MANIFEST),
    $defs: {
      config: members(settings()),
      globals: {
        ...members(variables()),
        description:
          'Variables through which loader and programs talk: offsets in `.rodata`, of `sleeping` in `.bss`.',
      },
      ...Object.fromEntries(Object.entries(PARTS).map(([name, part]) => [name, members(part)])),
      target: forms('provider', PROVIDERS),
      store: forms('kind', STORES),
      type: forms('kind', TYPES),
    },
  };
  return `${print(schema, 0, 0)}\n`;
}

function settings(): Members {
  return Object.fromEntries(
    Object.entries(LOADER_SETTINGS).map(([name, setting]) => [name, settingShape(setting)]),
  );
}

function settingShape(setting: LoaderSetting): Shape {
  const { kind, about } = setting;
  if (kind === 'bool') return flag(about);
  if (kind === 'int') return number(0, setting.max, about);
  return kind === 'word' ? choice(setting.only, about) : bytes(about);
}

function variables(): Members {
  return Object.fromEntries(
    Object.entries(SHARED_VARIABLES).map(([name, { about }]) => [name, optional(whole(about))]),
  );
}

/** One schema for each form, with all the names that have it. */
function forms(tag: string, table: Forms): Schema {
  const namesOf = new Map<Members, string[]>();
  for (const [name, list] of Object.entries(table)) {
    for (const form of list) namesOf.set(form, [...(namesOf.get(form) ?? []), name]);
  }
  return {
    oneOf: [...namesOf].map(([form, names]) => members({ [tag]: choice(names), ...form })),
  };
}

function members(parts: Members): Schema {
  const entries = Object.entries(parts);
  return {
    type: 'object',
    properties: Object.fromEntries(
      entries.map(([name, part]) => [name, schemaOf(part.kind === 'optional' ? part.shape : part)]),
    ),
    required: entries.filter(([, part]) => part.kind !== 'optional').map(([name]) => name),
    additionalProperties: false,
  };
}

function schemaOf(shape: Shape): Schema {
  return {
    ...plainSchema(shape),
    ...(shape.about === undefined ? {} : { description: shape.about }),
  };
}

function plainSchema(shape: Shape): Schema {
  switch (shape.kind) {
    case 'text':
      return {
        type: 'string',
        ...(shape.bytes ? { pattern: '^[\\u0001-\\u00ff]*$' } : {}),
        ...(shape.pattern === undefined ? {} : { pattern: shape.pattern }),
      };
    case 'number':
      return {
        type: 'integer',
        ...(shape.least === undefined ? {} : { minimum: shape.least }),
        ...(shape.most === undefined ? {} : { maximum: shape.most }),
      };
    case 'flag':
      return { type: 'boolean' };
    case 'mark':
      return { const: true };
    case 'choice': {
      const [first, ...others] = shape.words;
      return first !== undefined && others.length === 0 ? { const: first } : { enum: shape.words };
    }
    case 'list':
      return {
        type: 'array',
        items: schemaOf(shape.item),
        ...(shape.least === undefined ? {} : { minItems: shape.least }),
      };
    case 'pair':
      return {
        type: 'array',
        prefixItems: [schemaOf(shape.left), schemaOf(shape.right)],
        minItems: 2,
        maxItems: 2,
      };
    case 'record':
      return members(shape.members);
    case 'reference':
      return { $ref: `#/$defs/${shape.name}` };
  }
}

const WIDTH = 100;

/** As the formatter of this project has JSON: lists of words on one line where they fit. `used`: columns before it. */
function print(json: Json, depth: number, used: number): string {
  if (typeof json !== 'object') return JSON.stringify(json);
  const inner = '  '.repeat(depth + 1);
  const end = `\n${'  '.repeat(depth)}`;
  if (isList(json)) {
    const line = `[${json.map((item) => JSON.stringify(item)).join(', ')}]`;
    if (json.every((item) => typeof item !== 'object') && used + line.length < WIDTH) return line;
    const items = json.map((item) => `\n${inner}${print(item, depth + 1, inner.length)}`);
    return `[${items.join(',')}${end}]`;
  }
  const lines = Object.entries(json).map(([name, value]) => {
    const start = `${inner}${JSON.stringify(name)}: `;
    return `\n${start}${print(value, depth + 1, start.length)}`;
  });
  return lines.length === 0 ? '{}' : `{${lines.join(',')}${end}}`;
}

/** Array.isArray does not tell readonly lists from records. */
function isList(json: readonly Json[] | Schema): json is readonly Json[] {
  return Array.isArray(json);
}
