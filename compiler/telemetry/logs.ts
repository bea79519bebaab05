/** Lines of `-f json2` as log records of OTLP. */
import { attributesOf, type KeyValue, type LogRecord, SEVERITY, textAttribute } from './otlp.ts';

type Line = Readonly<Record<string, unknown>>;

/** What a line is to logs: maps are metrics, and some lines speak of the output itself. */
export type Told =
  | { readonly kind: 'record'; readonly record: LogRecord }
  | { readonly kind: 'session'; readonly attributes: readonly KeyValue[] }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unreadable' };

const SEVERITIES: Readonly<Record<string, keyof typeof SEVERITY>> = {
  printf: 'INFO',
  time: 'INFO',
  cat: 'INFO',
  join: 'INFO',
  syscall: 'INFO',
  value: 'INFO',
  warnf: 'WARN',
  lost_events: 'WARN',
  missed_events: 'WARN',
  errorf: 'ERROR',
  helper_error: 'ERROR',
  runtime_error: 'ERROR',
};

/** `session`: what the line of that type said; `now`: nanoseconds since 1970. */
export function readLine(text: string, session: readonly KeyValue[], now: bigint): Told {
  const line = parse(text);
  if (typeof line?.type !== 'string') return { kind: 'unreadable' };
  if (line.type === 'session') return { kind: 'session', attributes: sessionOf(line) };
  const severity = SEVERITIES[line.type];
  if (!severity) return { kind: 'nothing' };
  return {
    kind: 'record',
    record: {
      timeUnixNano: String(timeOf(line.wall) ?? now),
      observedTimeUnixNano: String(now),
      severityNumber: SEVERITY[severity],
      severityText: severity,
      body: { stringValue: bodyOf(line) },
      attributes: [...session, textAttribute('bpf.type', line.type), ...attributes(line)],
    },
  };
}

function parse(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Line)
      : undefined;
  } catch {
    return undefined;
  }
}

function sessionOf({ script, kernel }: Line): readonly KeyValue[] {
  return [
    ...(typeof script === 'string' ? [textAttribute('bpf.script', script)] : []),
    ...(typeof kernel === 'string' ? [textAttribute('os.version', kernel)] : []),
  ];
}

/** RFC 3339 with nanoseconds, which a Date has not. */
function timeOf(wall: unknown): bigint | undefined {
  const [, seconds, fraction = ''] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(String(wall)) ?? [];
  const whole = Date.parse(`${seconds}Z`);
  return Number.isNaN(whole)
    ? undefined
    : BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

function bodyOf(line: Line): string {
  if (line.type === 'lost_events') return `${String(line.count)} events were lost.`;
  if (line.type === 'missed_events')
    return `${String(line.count)} events of ${String(line.probe)} were left out by the kernel.`;
  const told = line.data ?? line.msg ?? '';
  return typeof told === 'string' ? told.replace(/\n$/, '') : JSON.stringify(told);
}

/** Members of a record that was printed are attributes of their own: print((pid = pid, point = probe)). */
function attributes(line: Line): readonly KeyValue[] {
  const { type, data, cpu, values, filename, line: row, helper, retcode, count } = line;
  const printed =
    type === 'value' && typeof data === 'object' && data !== null && !Array.isArray(data);
  const rest = {
    cpu,
    'bpf.values': Array.isArray(values) && values.length > 0 ? values : undefined,
    'code.file.path': filename,
    'code.line.number': row,
    'bpf.helper': helper,
    'bpf.retcode': retcode,
    'bpf.count': count,
  };
  const present = Object.entries(rest).filter(([, value]) => value !== undefined);
  return attributesOf({ ...Object.fromEntries(present), ...(printed ? data : {}) });
}
