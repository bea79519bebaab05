/**
 * Data as YAML, in blocks, with every text in the quotes of JSON: what YAML takes for a text whatever is in it
 * (YAML 1.2, chapter 7.3.1), so that there is nothing to guess.
 */

export type Data =
  | string
  | number
  | boolean
  | readonly Data[]
  | { readonly [name: string]: Data | undefined };

/** Names that YAML can only take for texts. */
const PLAIN = /^[A-Za-z][A-Za-z0-9./_-]*$/;
const WORDS = new Set(['true', 'false', 'null', 'yes', 'no', 'on', 'off', 'y', 'n']);

export function toYaml(data: Data): string {
  return `${block(data, '').replace(/^\n/, '')}\n`;
}

function block(data: Data, indent: string): string {
  if (typeof data !== 'object') return scalar(data);
  if (Array.isArray(data)) {
    const items: readonly Data[] = data;
    if (items.length === 0) return '[]';
    return items.map((item) => `\n${indent}- ${within(item, `${indent}  `)}`).join('');
  }
  const members = Object.entries(data as Readonly<Record<string, Data | undefined>>);
  const lines = members.flatMap(([name, value]) => {
    if (value === undefined) return [];
    const inner = block(value, `${indent}  `);
    return [`\n${indent}${scalar(name)}:${inner.startsWith('\n') ? inner : ` ${inner}`}`];
  });
  return lines.length === 0 ? '{}' : lines.join('');
}

/** Behind the dash of a list the first member follows on the same line. */
function within(item: Data, indent: string): string {
  return block(item, indent).replace(/^\n */, '');
}

function scalar(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  return PLAIN.test(value) && !WORDS.has(value.toLowerCase()) ? value : JSON.stringify(value);
}
