/** The list of all codes in docs/diagnostics.md (`npm run docs`). */
import { DIAGNOSTIC_CODES, kindOf } from './codes.ts';

const HEADING = '## Codes\n';

/** The page with its last part, from the heading on, made anew. */
export function withCodes(page: string): string {
  const at = page.indexOf(HEADING);
  if (at === -1) throw new Error('the page has no list of codes');
  return `${page.slice(0, at)}${HEADING}\n${list('error')}\n${list('warning')}`;
}

function list(severity: 'error' | 'warning'): string {
  const rows = DIAGNOSTIC_CODES.filter((code) => kindOf(code).severity === severity).map((code) => {
    const { explanation, example } = kindOf(code);
    const shown = example === undefined || example.includes('\n') ? '' : ` \`${cell(example)}\``;
    return `| \`${code}\` | ${cell(explanation)}${shown} |\n`;
  });
  return `| ${severity} | says, and an example |\n|---|---|\n${rows.join('')}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
