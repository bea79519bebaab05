/** Renders docs/builtins.md from the table. */
import type { Builtin } from './builtin.ts';
import { sections } from './builtins.ts';

/** The reference as Markdown; docs/builtins.md is exactly this text. */
export function renderReference(): string {
  const parts = sections.map(
    ({ title, builtins }) =>
      `## ${title}\n\n| Name | Arguments | |\n|---|---|---|\n${builtins.map(row).join('')}`,
  );
  return `# Built-in values and functions

Written from the table in \`compiler/builtins/builtins.ts\` by \`compiler/builtins/reference.ts\`. Built-ins without
arguments, and those whose arguments can all be left out, may be written without parentheses. Aggregations
(\`count()\`, \`hist()\` and so on) are described with maps.

${parts.join('\n')}`;
}

function row(builtin: Builtin): string {
  const notes = [
    ...(builtin.unsafe ? ['Needs `--unsafe`.'] : []),
    ...(builtin.legacyNames ?? []).map((name) => `Older name: \`${name}\`.`),
  ];
  const text = [builtin.summary, ...notes].join(' ').replaceAll('|', '\\|');
  return `| \`${builtin.name}\` | ${argumentCount(builtin)} | ${text} |\n`;
}

function argumentCount({ arity: [least, most] }: Builtin): string {
  if (most === Number.POSITIVE_INFINITY) return `${least} or more`;
  return least === most ? `${least}` : `${least} to ${most}`;
}
