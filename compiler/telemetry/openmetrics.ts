/** The text of metrics that `bpfload --metrics` gives (OpenMetrics 1.0), as data. */

export interface Sample {
  /** Behind the family's name: `_total`, `_bucket`, or nothing. */
  readonly suffix: string;
  /** In their order. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** As it is written: more digits than a number may have. */
  readonly value: string;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
  readonly samples: readonly Sample[];
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\.)*)"/y;
const VALUE = /^ ([^ ]+)$/;

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

interface Gathered {
  readonly name: string;
  type: string;
  help: string;
  unit: string;
  samples: Sample[];
}

/** Throws an Error that names the line that is none. */
export function parseOpenMetrics(text: string): readonly Family[] {
  const families: Gathered[] = [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.pop() !== '# EOF') throw new Error('the text of metrics ends too soon');
  for (const [index, line] of lines.entries()) {
    const done = line.startsWith('#') ? readMeta(families, line) : readSample(families, line);
    if (!done) throw new Error(`line ${index + 1} of the metrics makes no sense`);
  }
  return families;
}

function readMeta(families: Gathered[], line: string): boolean {
  const [, keyword, name, rest = ''] = /^# (HELP|TYPE|UNIT) (\S+)(?: (.*))?$/.exec(line) ?? [];
  if (keyword === undefined || name === undefined) return false;
  let family = families.at(-1);
  if (family?.name !== name) {
    family = { name, type: 'unknown', help: '', unit: '', samples: [] };
    families.push(family);
  }
  if (keyword === 'HELP') family.help = unescaped(rest);
  else if (keyword === 'TYPE') family.type = rest;
  else family.unit = rest;
  return true;
}

function readSample(families: readonly Gathered[], line: string): boolean {
  NAME.lastIndex = 0;
  const name = NAME.exec(line)?.[0];
  const family = families.at(-1);
  if (name === undefined || !family || !name.startsWith(family.name)) return false;
  let at = name.length;
  const labels: [string, string][] = [];
  if (line[at] === '{') {
    at += 1;
    while (line[at] !== '}') {
      LABEL.lastIndex = at;
      const [all, label, value] = LABEL.exec(line) ?? [];
      if (all === undefined || label === undefined || value === undefined) return false;
      labels.push([label, unescaped(value)]);
      at += all.length;
      if (line[at] === ',') at += 1;
      else if (line[at] !== '}') return false;
    }
    at += 1;
  }
  const value = VALUE.exec(line.slice(at))?.[1];
  if (value === undefined || Number.isNaN(Number(value))) return false;
  family.samples.push({ suffix: name.slice(family.name.length), labels, value });
  return true;
}
