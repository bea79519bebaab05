/**
 * Texts that can be laid out in several ways, and the printer that chooses (after Wadler, "A prettier
 * printer"). A group stands on one line where it fits; a fill breaks only where the next part does not fit.
 */

export type Doc =
  | { readonly kind: 'text'; readonly text: string; readonly breaks: boolean }
  | { readonly kind: 'concat'; readonly parts: readonly Doc[]; readonly breaks: boolean }
  | { readonly kind: 'indent'; readonly content: Doc; readonly breaks: boolean }
  | { readonly kind: 'group'; readonly content: Doc; readonly breaks: boolean }
  | { readonly kind: 'fill'; readonly parts: readonly Doc[]; readonly breaks: boolean }
  /** A space or nothing where its group is flat, else a new line; `always` makes its groups break. */
  | { readonly kind: 'line'; readonly flat: '' | ' '; readonly breaks: boolean }
  | CommentDoc;

/** A comment that ends its line. */
export interface CommentDoc {
  readonly kind: 'comment';
  readonly lines: readonly string[];
  /** Lines after the first follow the indentation; else they stay as they are. */
  readonly aligned: boolean;
  /** A line of its own where a line starts; at the end of the line elsewhere, and always without this. */
  readonly ownLine: boolean;
  /** An empty line behind it. */
  readonly blankAfter: boolean;
  readonly breaks: true;
}

export function text(content: string): Doc {
  return { kind: 'text', text: content, breaks: content.includes('\n') };
}

export function concat(...parts: readonly Doc[]): Doc {
  return { kind: 'concat', parts, breaks: anyBreaks(parts) };
}

export function indent(...parts: readonly Doc[]): Doc {
  const content = concat(...parts);
  return { kind: 'indent', content, breaks: content.breaks };
}

export function group(...parts: readonly Doc[]): Doc {
  const content = concat(...parts);
  return { kind: 'group', content, breaks: content.breaks };
}

/** Parts with a space or a line break between them. */
export function fill(parts: readonly Doc[]): Doc {
  return { kind: 'fill', parts, breaks: anyBreaks(parts) };
}

export const EMPTY: Doc = text('');
export const SPACE: Doc = text(' ');
export const LINE: Doc = { kind: 'line', flat: ' ', breaks: false };
export const SOFT_LINE: Doc = { kind: 'line', flat: '', breaks: false };
export const HARD_LINE: Doc = { kind: 'line', flat: ' ', breaks: true };

function anyBreaks(parts: readonly Doc[]): boolean {
  return parts.some((part) => part.breaks);
}

export interface Layout {
  /** Columns of a line. */
  readonly width: number;
  /** Columns of a tab, which is one level of indentation. */
  readonly tab: number;
}

interface Task {
  readonly doc: Doc;
  readonly level: number;
  readonly flat: boolean;
  /** Between two parts of a fill: the part before it; the part behind is the next task. */
  readonly after?: Doc;
}

/** The text of a document; no line of it ends in white space, but for what `text` parts hold inside. */
export function printDoc(doc: Doc, layout: Layout): string {
  const tasks: Task[] = [{ doc, level: 0, flat: false }];
  const page = createPage(layout);
  for (let task = tasks.pop(); task; task = tasks.pop()) {
    const { doc: current, level, flat, after } = task;
    switch (current.kind) {
      case 'text':
        page.write(current.text, level);
        break;
      case 'concat':
        for (const part of current.parts.toReversed()) tasks.push({ doc: part, level, flat });
        break;
      case 'indent':
        tasks.push({ doc: current.content, level: level + 1, flat });
        break;
      case 'group': {
        const whole: Task = { doc: current.content, level, flat: true };
        const fit = !current.breaks && (flat || fits(whole, tasks, page.space()));
        tasks.push(fit ? whole : { ...whole, flat: false });
        break;
      }
      case 'fill':
        for (let at = current.parts.length - 1; at >= 0; at -= 1) {
          const [before, part] = [current.parts[at - 1], current.parts[at]];
          if (part) tasks.push({ doc: part, level, flat });
          if (before) tasks.push({ doc: LINE, level, flat, after: before });
        }
        break;
      case 'line': {
        const next = after && !flat ? tasks.pop() : undefined;
        const joined =
          after && next
            ? !after.breaks &&
              !next.doc.breaks &&
              fits({ ...next, flat: true }, tasks, page.space() - 1)
            : flat && !current.breaks;
        if (joined) page.write(current.flat, level);
        else page.endLine(level);
        if (next) tasks.push(next);
        break;
      }
      case 'comment':
        page.comment(current, level);
        break;
    }
  }
  return page.text();
}

/** The lines so far, and what waits for the end of the one being written. */
interface Page {
  write(text: string, level: number): void;
  endLine(level: number): void;
  comment(comment: CommentDoc, level: number): void;
  /** Columns left on this line. */
  space(): number;
  text(): string;
}

function createPage({ width, tab }: Layout): Page {
  const lines: string[] = [];
  let line = '';
  /** Where the last part ends that is not white space of ours: an attach point may end in an escaped space. */
  let solid = 0;
  let indentation = 0;
  let suffixes: readonly string[] = [];
  /** Line ends that comments of their own line are owed before anything else is written. */
  let owed = 0;

  const breakLine = (level: number): void => {
    finishLine(level);
    line = '\t'.repeat(level);
    solid = 0;
    indentation = level;
  };
  const finishLine = (level: number): void => {
    let current = line.slice(0, solid);
    for (const [index, comment] of suffixes.entries()) {
      // Behind a comment to the end of the line, the next one needs a line of its own.
      const full = suffixes[index - 1]?.startsWith('//');
      if (full) lines.push(current);
      current = full ? '\t'.repeat(level) + comment : `${current} ${comment}`;
    }
    lines.push(current);
    suffixes = [];
  };
  const settle = (level: number): void => {
    for (; owed > 0; owed -= 1) breakLine(level);
  };
  return {
    write(text, level) {
      if (text === '') return;
      settle(level);
      line += text;
      if (text !== ' ') solid = line.length;
    },
    endLine(level) {
      if (owed > 0) settle(level);
      else breakLine(level);
    },
    comment({ lines: parts, aligned, ownLine, blankAfter }, level) {
      settle(level);
      const comment = parts.join(aligned ? `\n${'\t'.repeat(level)}` : '\n');
      if (ownLine && suffixes.length === 0 && line.length === indentation) {
        line += comment;
        solid = line.length;
        owed = blankAfter ? 2 : 1;
      } else suffixes = [...suffixes, comment];
    },
    space: () => width - columns(line.slice(line.lastIndexOf('\n') + 1), tab),
    text() {
      finishLine(0);
      return lines.join('\n');
    },
  };
}

/** Whether `first`, and what follows it up to the next place for a line break, takes no more than `space` columns. */
function fits(first: Task, following: readonly Task[], space: number): boolean {
  let left = space;
  let next = following.length;
  const tasks: Task[] = [first];
  while (left >= 0) {
    let task = tasks.pop();
    if (!task) {
      next -= 1;
      task = following[next];
      if (!task) return true;
    }
    const { doc, flat } = task;
    switch (doc.kind) {
      case 'text': {
        const end = doc.text.indexOf('\n');
        left -= columns(end === -1 ? doc.text : doc.text.slice(0, end), 1);
        if (end !== -1) return left >= 0;
        break;
      }
      case 'line':
        if (!flat || doc.breaks) return true;
        left -= doc.flat.length;
        break;
      case 'concat':
        for (const part of doc.parts.toReversed()) tasks.push({ ...task, doc: part });
        break;
      case 'fill':
        doc.parts.toReversed().forEach((part, index) => {
          if (index > 0) tasks.push({ ...task, doc: LINE });
          tasks.push({ ...task, doc: part });
        });
        break;
      case 'indent':
        tasks.push({ ...task, doc: doc.content });
        break;
      case 'group':
        tasks.push({ ...task, doc: doc.content, flat: flat && !doc.breaks });
        break;
      case 'comment':
        break;
    }
  }
  return false;
}

function columns(line: string, tab: number): number {
  let count = 0;
  for (const character of line) count += character === '\t' ? tab : 1;
  return count;
}
