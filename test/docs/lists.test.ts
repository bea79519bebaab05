/** Pages that list what a table of the code has: a row of the table that its page does not name is a fault here. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../compiler/analysis/settings.ts';
import { EXIT } from '../../compiler/cli/status.ts';
import { PROVIDERS as ATTACHABLE } from '../../compiler/probes/providers.ts';
import { RENDERERS } from '../../compiler/source/render/render.ts';
import { EVENT_KINDS } from '../../linker/contract/events.ts';
import { LOOKUPS } from '../../linker/contract/lookups.ts';
import { RUNTIME_MAPS } from '../../linker/contract/maps.ts';
import { PROVIDERS } from '../../linker/contract/providers.ts';

const DOCS = join(import.meta.dirname, '../../docs');

function page(name: string): string {
  return readFileSync(join(DOCS, name), 'utf8');
}

/** The names that a text has nowhere as a word of their own. */
function unnamed(text: string, names: readonly string[]): readonly string[] {
  return names.filter(
    (name) => !new RegExp(`(?<![\\w-])${name.replace(/\W/g, '\\$&')}(?![\\w-])`).test(text),
  );
}

/** [page, what it lists, names]. */
const LISTS: readonly (readonly [string, string, readonly string[]])[] = [
  ['probes.md', 'provider', ATTACHABLE.flatMap(({ name, aliases }) => [name, ...aliases])],
  ['object-format.md', 'provider', Object.keys(PROVIDERS)],
  ['object-format.md', 'kind of event', Object.keys(EVENT_KINDS)],
  ['object-format.md', 'lookup', Object.keys(LOOKUPS)],
  ['object-format.md', 'map of its own', Object.keys(RUNTIME_MAPS)],
  ['language.md', 'setting', [...SETTINGS.keys()]],
  ['diagnostics.md', 'form', Object.keys(RENDERERS).map((form) => `\`${form}\``)],
  ['exit-status.md', 'status', Object.values(EXIT).map((status) => `| ${status} |`)],
];

describe('a page', () => {
  it.each(LISTS)('%s names every %s', (name, _what, names) => {
    expect(names.length).toBeGreaterThan(3);
    expect(unnamed(page(name), names)).toEqual([]);
  });

  it('names every flag of both commands: command-line.md', () => {
    expect(unnamed(page('command-line.md'), flags())).toEqual([]);
  });

  it('names every type of message: json-output.md', () => {
    const types = [...page('output.schema.json').matchAll(/"type": \{ "const": "(\w+)" \}/g)];
    expect(types.length).toBeGreaterThan(5);
    expect(
      unnamed(
        page('json-output.md'),
        types.map(([, type]) => type ?? ''),
      ),
    ).toEqual([]);
  });

  it('answers messages that there are: troubleshooting.md', () => {
    const sources = ['loader/src', 'compiler', 'linker'].flatMap((folder) =>
      readdirSync(join(DOCS, '..', folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(c|ts)$/.test(name))
        .map((name) => readFileSync(join(DOCS, '..', folder, name), 'utf8').replaceAll('\\"', '"')),
    );
    const messages = [...page('troubleshooting.md').matchAll(/^## (.*)$/gm)].map(
      ([, message = '']) => message,
    );
    expect(messages.length).toBeGreaterThan(15);
    const notSaid = messages.filter((message) => !sources.some((text) => text.includes(message)));
    // What is seen and not said.
    expect(notSaid).toEqual(['Addresses instead of names', 'Nothing is printed']);
  });

  it('is in the list of README.md', () => {
    const readme = readFileSync(join(DOCS, '../README.md'), 'utf8');
    const names = readdirSync(DOCS).filter((name) => name.endsWith('.md'));
    expect(names.filter((name) => !readme.includes(`docs/${name}`))).toEqual([]);
  });
});

function flags(): readonly string[] {
  const sources = ['compiler/cli/commands/run.ts', 'loader/src/session/option_flags.c'];
  return sources.flatMap((source) => {
    const text = readFileSync(join(DOCS, '..', source), 'utf8');
    return [...text.matchAll(/(?<![\w-])(?<!-- )--[a-z][a-z-]+/g)].map(([flag]) => flag);
  });
}
