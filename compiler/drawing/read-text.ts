/** The text of bpfload and bpftrace: maps among whatever else a script prints. */
import {
  type Amount,
  amountOf,
  type Bucket,
  type Findings,
  gather,
  MOST_FRAMES,
  type Problem,
} from './findings.ts';
import { keyOf } from './frame-text.ts';

const UNITS = ['', 'K', 'M', 'G', 'T', 'P', 'E'];
/** `@`, `@name`, and what begins behind it. */
const BEGIN = /^(@[A-Za-z0-9_]*)(\[|:)/;
const BUCKET = /^[[(](\.\.\.|-?\d+[kKMGTPE]?)(?:, (\.\.\.|-?\d+[kKMGTPE]?))?([\])])\s+(\d+) \|/;
const STATISTICS = /^\{ \.count = \d+, \.average = (-?\d+), \.total = -?\d+ \}$/;
const OLD_STATISTICS = /^count \d+, average (-?\d+), total -?\d+$/;

/** Whether a line is one of a map. */
export function isMapLine(line: string): boolean {
  return BEGIN.test(line);
}

function bound(text: string): number {
  const unit = UNITS.indexOf(text.slice(-1).toUpperCase());
  return unit > 0 ? Number(text.slice(0, -1)) * 1024 ** unit : Number(text);
}

function bucketOf(line: string): Bucket | undefined {
  const match = BUCKET.exec(line);
  if (!match) return undefined;
  const [, low = '', high, close, count] = match;
  const from = low === '...' ? {} : { low: bound(low) };
  if (high === undefined) return { ...from, high: bound(low), count: Number(count) };
  const to = high === '...' ? {} : { high: bound(high) - (close === ')' ? 1 : 0) };
  return { ...from, ...to, count: Number(count) };
}

function amountIn(text: string): Amount | undefined {
  const average = (STATISTICS.exec(text) ?? OLD_STATISTICS.exec(text))?.[1];
  return amountOf(average ?? text);
}

/** One row: its map, the text of its key, what is behind the colon, and the lines that it takes. */
interface RowText {
  readonly name: string;
  readonly key: string;
  readonly value: string;
  readonly lines: number;
}

/** The row that begins at a line; undefined: the end of its key is missing. */
function rowAt(lines: readonly string[], start: number): RowText | undefined {
  const first = lines[start] ?? '';
  const [, name = '', after] = BEGIN.exec(first) ?? [];
  const rest = first.slice(name.length + 1);
  if (after === ':') return { name, key: '', value: rest.trim(), lines: 1 };
  const whole = /^(.*)\]:(?: (.*))?$/.exec(rest);
  if (whole) return { name, key: whole[1] ?? '', value: whole[2] ?? '', lines: 1 };
  const key = [rest];
  for (let index = start + 1; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const end = /^(.*)\]:(?: (.*))?$/.exec(line);
    if (end) {
      key.push(end[1] ?? '');
      return { name, key: key.join('\n'), value: end[2] ?? '', lines: index - start + 1 };
    }
    // Another map: this one is cut off.
    if (isMapLine(line)) return undefined;
    key.push(line);
  }
  return undefined;
}

/**
 * A map is printed again where a key comes again, or where something else was printed between: the text itself does
 * not say it.
 */
export function readText(lines: readonly string[]): Findings | Problem {
  const found = gather();
  let current = '';
  let seen = new Set<string>();
  for (let index = 0; index < lines.length; ) {
    const line = lines[index] ?? '';
    if (!isMapLine(line)) {
      if (line.trim() !== '') current = '';
      index += 1;
      continue;
    }
    const row = rowAt(lines, index);
    if (!row) return { line: index + 1, problem: 'the key that begins here has no end (`]: `)' };
    if (row.name !== current || seen.has(row.key)) {
      found.begin(row.name);
      current = row.name;
      seen = new Set();
    }
    seen.add(row.key);
    const at = index + 1;
    index += row.lines;
    const key = keyOf(row.key);
    if ((key.frames?.length ?? 0) > MOST_FRAMES)
      return { line: at, problem: `the stack has more than ${MOST_FRAMES} frames` };
    if (row.value === '') {
      const buckets: Bucket[] = [];
      for (let next = bucketOf(lines[index] ?? ''); next; next = bucketOf(lines[index] ?? '')) {
        buckets.push(next);
        index += 1;
      }
      if (buckets.length > 0) found.row({ key: key.text, value: { kind: 'buckets', buckets } });
      continue;
    }
    const amount = amountIn(row.value);
    if (amount && key.frames) found.stack({ frames: key.frames, count: amount.value, line: at });
    else if (amount) found.row({ key: key.text, value: { kind: 'amount', amount } });
  }
  return { maps: found.maps() };
}
