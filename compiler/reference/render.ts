/** Renders docs/builtins of the tables, of the examples, and of what the compiler says of them. */
import { AGGREGATIONS } from '../analysis/aggregates.ts';
import { describeParameter, signatureOf } from '../analysis/parameters.ts';
import { SETTINGS, type Setting } from '../analysis/settings.ts';
import type { Builtin } from '../builtins/builtin.ts';
import { sections } from '../builtins/builtins.ts';
import { TIME_CONVERSIONS } from '../builtins/time.ts';
import { CONVERSIONS } from '../types/format.ts';
import { BUILT_IN_EXAMPLES } from './built-in-examples.ts';
import { conversionId, entryOf, isRepeated, settingId, timeId } from './entries.ts';
import { commandOf, type Entry } from './entry.ts';
import { complaint, kernelOf, typeOf } from './facts.ts';
import { AGGREGATION_EXAMPLES, CONVERSION_EXAMPLES, SETTING_EXAMPLES } from './other-examples.ts';
import { OUTPUTS } from './outputs.ts';

/** Pages by their names in docs/builtins. */
export function renderReference(): ReadonlyMap<string, string> {
  const pages = sections.map(({ title, builtins }) => ({
    name: fileOf(title),
    title,
    what: builtins.filter(({ name }) => !isRepeated(name)).map(({ name }) => name),
    text: builtins
      .filter(({ name }) => !isRepeated(name))
      .map(builtIn)
      .join('\n'),
  }));
  const others = [
    {
      ...{ name: 'aggregations.md', title: 'Aggregations', what: Object.keys(AGGREGATIONS) },
      text: aggregations(),
    },
    {
      ...{ name: 'settings.md', title: 'Settings', what: [...SETTINGS.keys()] },
      text: settings(),
    },
    {
      ...{ name: 'printf.md', title: 'Formats of printf', what: Object.keys(CONVERSIONS) },
      text: conversions(),
    },
    {
      ...{ name: 'strftime.md', title: 'Formats of strftime', what: Object.keys(TIME_CONVERSIONS) },
      text: times(),
    },
  ];
  const all = [...pages, ...others];
  return new Map([
    ['README.md', index(all)],
    ...all.map(({ name, title, text }) => [name, `# ${title}\n\n${NOTE}\n\n${text}`] as const),
  ]);
}

const NOTE = `Made by \`npm run docs\` of the compiler's tables. What examples print is what they printed; [how to
read these pages](README.md#how-to-read-these-pages).`;

const fileOf = (title: string): string => `${title.toLowerCase().replaceAll(' ', '-')}.md`;

function index(
  pages: readonly {
    readonly name: string;
    readonly title: string;
    readonly what: readonly string[];
  }[],
): string {
  const rows = pages.map(
    ({ name, title, what }) =>
      `| [${title}](${name}) | ${what.map((each) => `\`${each.replace('|', '\\|')}\``).join(' ')} |\n`,
  );
  return `# Reference

Every built-in value and function, every aggregation, setting and conversion: its form, its types, the kernel that it
takes, an example with its output, and a mistake with what the compiler says of it. What a script consists of stands in
[the language](../language.md), what it attaches to in [probes](../probes.md).

| page | has |
|---|---|
${rows.join('')}
## How to read these pages

- What stands in brackets may be left out: \`kstack([mode][, limit])\`. Where nothing has to be given, the parentheses
  may be left out, too.
- "Gives" is the type of the value in the example; integers of literals and strings are as large as what is in them.
- "Kernel" is the oldest that has what the example needs, where that is newer than Linux 5.10.
- Where an example needs what not every machine has, it is compiled by the tests, and not run, and its output is not shown.
- Errors have codes, which \`bpfscript explain CODE\` and [diagnostics](../diagnostics.md) explain. All functions refuse
  too few or too many arguments (\`argument-count\`) and arguments of other types (\`argument-type\`).
`;
}

// ---- parts that pages share ----------------------------------------------------------------------

function table(rows: readonly (readonly [string, string | undefined])[]): string {
  const shown = rows.flatMap(([what, text]) =>
    text === undefined || text === '' ? [] : `| ${what} | ${text.replaceAll('|', '\\|')} |\n`,
  );
  return shown.length === 0 ? '' : `| | |\n|---|---|\n${shown.join('')}\n`;
}

function mistake({ wrong }: Entry): string | undefined {
  if (wrong === undefined) return undefined;
  const said = complaint(wrong);
  if (!said) throw new Error(`the compiler has nothing to say of ${wrong}`);
  return `\`${wrong}\` is the ${said.severity} \`${said.code}\`: ${quoted(said.message)}`;
}

const quoted = (text: string): string => text.replaceAll(/[<>*_]/g, '\\$&');

function example(id: string, entry: Entry): string {
  const run = entry.flags ? `\nRun by \`${commandOf(entry)}\`.\n` : '';
  const output = entry.needs === undefined ? (OUTPUTS[id] ?? '') : '';
  const shown = output === '' ? '' : `\n\`\`\`text\n${output.replaceAll(/ +$/gm, '')}\n\`\`\`\n`;
  return `\`\`\`bt\n${entry.script}\n\`\`\`\n${run}${shown}`;
}

// ---- built-ins -----------------------------------------------------------------------------------

function builtIn(builtin: Builtin): string {
  const { name, parameters, summary, traits, legacyNames, needsProbe } = builtin;
  const entry = entryOf(BUILT_IN_EXAMPLES, name);
  const several = name === 'arg0';
  const rows = table([
    ['Arguments', describeParameters(builtin)],
    ['Gives', code(typeOf(name, entry))],
    ['Kernel', kernelOf(entry)],
    ['Needs', entry.needs],
    ['Allowed by', allowedBy(traits.unsafe)],
    ['In functions', needsProbe ? 'not there: pass its value as an argument' : undefined],
    ['Older name', legacyNames.map((older) => `\`${older}\``).join(', ')],
    ['Mistake', mistake(entry)],
  ]);
  const heading = several ? 'arg0 to arg11' : name;
  const signature = several ? '`arg0`, `arg1` ... `arg11`' : `\`${signatureOf(name, parameters)}\``;
  const text = several ? summary.replace('Argument 0', 'Arguments 0 to 11') : summary;
  return `## ${heading}\n\n${signature}: ${text}\n\n${rows}${example(name, entry)}`;
}

const code = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : `\`${text}\``;

function allowedBy(unsafe: true | 'run' | undefined): string | undefined {
  if (unsafe === 'run') return '`--unsafe` or `--allow-run`';
  return unsafe ? '`--unsafe`' : undefined;
}

/** `left`, `right`: a string; `length`: an integer literal */
function describeParameters({ parameters }: Builtin): string {
  const groups: { names: string[]; readonly takes: string }[] = [];
  for (const [name, parameter] of Object.entries(parameters)) {
    const takes = describeParameter(parameter);
    const last = groups.at(-1);
    if (last?.takes === takes) last.names.push(name);
    else groups.push({ names: [name], takes });
  }
  return groups
    .map(({ names, takes }) => `${names.map((name) => `\`${name}\``).join(', ')}: ${takes}`)
    .join('; ');
}

// ---- the other tables ----------------------------------------------------------------------------

function aggregations(): string {
  const parts = Object.entries(AGGREGATIONS).map(([name, { use, about }]) => {
    const entry = entryOf(AGGREGATION_EXAMPLES, name);
    const rows = table([
      ['Kernel', kernelOf(entry)],
      ['Mistake', mistake(entry)],
    ]);
    return `## ${name}\n\n\`${use}\`: ${about}\n\n${rows}${example(name, entry)}`;
  });
  return `What is assigned to a map at once, and counted on each CPU by itself: \`@calls[comm] = count()\`. Values are integers.
The value stays in its map, where it can be printed, or cast to an integer (\`(int64)@\`, but for histograms and series).

${parts.join('\n')}`;
}

function settings(): string {
  const parts = [...SETTINGS].map(([name, setting]) => {
    const entry = entryOf(SETTING_EXAMPLES, name);
    const rows = table([
      ['Values', valuesOf(setting)],
      ['Unless it is set', `\`${setting.fallback}\``],
    ]);
    return `## ${name}\n\n${setting.about}\n\n${rows}${example(settingId(name), entry)}`;
  });
  return `A script sets them in its \`config\` block, the environment goes before it: \`BPFTRACE_MAX_STRLEN=200\`. A value of another
kind is the error \`setting-value\`, an unknown name \`unknown-setting\`.

${parts.join('\n')}`;
}

function valuesOf(setting: Setting): string {
  switch (setting.kind) {
    case 'bool':
      return '`true`, `false`';
    case 'int':
      return `integers from ${setting.min} to ${setting.max}`;
    case 'word':
      return setting.only.map((each) => `\`${each}\``).join(', ');
    case 'string':
      return setting.only ? setting.only.map((each) => `\`"${each}"\``).join(', ') : 'text';
  }
}

function conversions(): string {
  const parts = Object.entries(CONVERSIONS).map(([name, about]) => {
    const entry = entryOf(CONVERSION_EXAMPLES, name);
    const rows = table([['Mistake', mistake(entry)]]);
    return `## %${name}\n\n${about}\n\n${rows}${example(conversionId(name), entry)}`;
  });
  return `\`%[flags][width][.precision][length]conversion\`, as printf(3) has them: flags \`-\`, \`+\`, space, \`#\` and \`0\`, a width and a
precision that are numbers (the precision of a number is how many digits it has at least, that of a text how many bytes at
most), and the lengths \`hh h l ll j z t\`, which cut an integer to their size. \`%%\` is a percent sign. A
\`%\` that begins no conversion stands for itself. There are no floating-point numbers: \`%f\` and its like are the error
\`format\`.

${parts.join('\n')}`;
}

function times(): string {
  const rows = Object.entries(TIME_CONVERSIONS).map(([letter, about]) => {
    const output = OUTPUTS[timeId(letter)] ?? '';
    return `| \`%${letter}\` | ${about} | ${output === '' ? '' : `\`${output}\``} |\n`;
  });
  return `What stands in \`strftime(format, nsecs)\` and \`time(format)\`. Times are local ones of the traced host. Between \`%\` and the
letter may stand the flags of the GNU C library (\`-\` no padding, \`_\` spaces, \`0\` zeros, \`^\` capitals), and a width. Another letter is
the error \`format\`.

\`\`\`bt
begin { printf("%s\\n", strftime("%Y-%m-%d %H:%M:%S.%f", nsecs)); exit(); }
\`\`\`

The third column is what each printed of the moment at which a machine booted, \`strftime("%H", 0)\`:

| conversion | becomes | for example |
|---|---|---|
${rows.join('')}`;
}
