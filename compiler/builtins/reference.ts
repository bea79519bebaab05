/** Renders docs/builtins.md from the table. */
import { describeParameter, signatureOf } from '../analysis/parameters.ts';
import type { Builtin } from './builtin.ts';
import { sections } from './builtins.ts';

/** The reference as Markdown; docs/builtins.md is exactly this text. */
export function renderReference(): string {
  const parts = sections.map(
    ({ title, builtins }) =>
      `## ${title}\n\n| Use | Arguments | |\n|---|---|---|\n${builtins.map(row).join('')}`,
  );
  return `# Built-in values and functions

Written from the table in \`compiler/builtins/builtins.ts\` by \`compiler/builtins/reference.ts\`. Built-ins without
arguments, and those whose arguments can all be left out, may be written without parentheses. Aggregations
(\`count()\`, \`hist()\` and so on) are described with maps.

${parts.join('\n')}`;
}

function row(builtin: Builtin): string {
  const notes = [
    ...(builtin.traits.unsafe === true ? ['Needs `--unsafe`.'] : []),
    ...(builtin.traits.unsafe === 'run' ? ['Needs `--unsafe` or `--allow-run`.'] : []),
    ...builtin.legacyNames.map((name) => `Older name: \`${name}\`.`),
  ];
  const text = [builtin.summary, ...notes].join(' ').replaceAll('|', '\\|');
  const signature = signatureOf(builtin.name, builtin.parameters);
  return `| \`${signature}\` | ${describeParameters(builtin)} | ${text} |\n`;
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
