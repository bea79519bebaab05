/** Markdown, as far as pages of docs use it, as roff for man(1). */

/** Backslashes, hyphens that people copy, and what would begin a request at the start of a line. */
export function escaped(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/^([.'])/gm, '\\&$1');
}

/** The part of a page below a heading, up to the next of the same level. */
export function section(text: string, heading: string): string {
  const [, body = ''] =
    new RegExp(`^## ${heading}\\n(.*?)(?=^## |(?![\\s\\S]))`, 'ms').exec(text) ?? [];
  return body;
}

/** Without marks: code, emphasis, links. What is code stays as it is. */
function plain(text: string): string {
  return escaped(
    text
      .replace(/\[([^\]]*)\]\([^)\s]*\)/g, '$1')
      .replace(/`([^`]*)`/g, '$1')
      .replace(/\*\*([^*]+)\*\*/g, '$1')
      .replace(/\\\|/g, '|'),
  );
}

/** Cells of a row of a table: a bar in code, or behind a backslash, is none between cells. */
function cells(row: string): readonly string[] {
  const inner = row.replace(/^\| ?/, '').replace(/ ?\|\s*$/, '');
  return (inner.match(/(?:`[^`]*`|\\\||[^|])+/g) ?? []).map((cell) => cell.trim());
}

/** Lines of roff. Headings of the second level are sections, of lower ones subsections; a table's first column is tags. */
export function roffOfMarkdown(text: string): readonly string[] {
  const blocks = text.trim().match(/^```[\s\S]*?^```$|^(?:(?!```).+\n?)+/gm) ?? [];
  return blocks.flatMap(blockOf);
}

function blockOf(block: string): readonly string[] {
  const lines = block.trimEnd().split('\n');
  const [first = ''] = lines;
  if (first.startsWith('```')) return ['.PP', '.nf', escaped(lines.slice(1, -1).join('\n')), '.fi'];
  const heading = /^(#+) (.*)$/.exec(first);
  if (heading)
    return [
      `${(heading[1] ?? '').length > 2 ? '.SS' : '.SH'} ${plain(heading[2] ?? '')}`,
      ...(lines.length > 1 ? blockOf(lines.slice(1).join('\n')) : []),
    ];
  if (first.startsWith('|'))
    return lines
      .slice(2)
      .map(cells)
      .flatMap(([tag = '', ...rest]) => ['.TP', `.B ${plain(tag)}`, plain(rest.join(': '))]);
  const items = block.split(/^(?:[-*]|\d+\.) /m);
  const [before = '', ...points] = items;
  const words = (part: string): string => plain(part.trim().replace(/\s*\n\s*/g, '\n'));
  return [
    ...(before.trim() === '' ? [] : ['.PP', words(before)]),
    ...points.flatMap((point) => ['.IP \\(bu 2', words(point)]),
  ];
}
