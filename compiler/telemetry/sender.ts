/**
 * Requests to a receiver of OTLP over HTTP, one after the other. What cannot be delivered now is kept, up to a bound, and
 * tried again; what is lost is counted.
 */

export interface Batch {
  readonly path: '/v1/logs' | '/v1/metrics';
  readonly body: string;
  /** Of a batch of metrics none: the next reading says what this one said. */
  readonly records: number;
}

export interface Sender {
  /** Puts a batch behind the others. Of metrics that wait, those before are forgotten. */
  add(batch: Batch): void;
  /** Settles when all is delivered or lost; after `milliseconds` what is left is lost. */
  finish(milliseconds: number): Promise<void>;
  readonly sent: number;
  readonly lost: number;
  /** Whether the receiver lacks some of the last reading of metrics. */
  readonly behind: boolean;
}

export interface SenderOptions {
  /** Without /v1/logs. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Told once when it begins to fail, and of each loss. */
  warn(message: string): void;
  /** Of the first wait; each later one is twice as long, up to LONGEST_WAIT. */
  readonly wait?: number;
  /** Bytes that wait at most. */
  readonly most?: number;
}

const MOST_BYTES = 16 << 20;
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
/** For a request and its answer. */
const TIMEOUT = 10_000;
const MOST_ANSWER = 64 << 10;
/** Statuses that OTLP says to try again after. */
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);

type Outcome =
  | { readonly kind: 'delivered'; readonly rejected: number; readonly message: string }
  | { readonly kind: 'later'; readonly reason: string; readonly after?: number }
  | { readonly kind: 'refused'; readonly reason: string };

export function createSender(options: SenderOptions): Sender {
  const most = options.most ?? MOST_BYTES;
  const waiting: Batch[] = [];
  let bytes = 0;
  let sent = 0;
  let lost = 0;
  let behind = false;
  let failing = false;
  let full = false;
  let working: Promise<void> | undefined;
  const ending = new AbortController();

  const lose = (records: number, reason: string) => {
    lost += records;
    options.warn(records > 0 ? `${records} log records are lost: ${reason}` : reason);
  };

  const remove = (batch: Batch) => {
    const index = waiting.indexOf(batch);
    if (index < 0) return;
    waiting.splice(index, 1);
    bytes -= batch.body.length;
  };

  const work = async () => {
    let wait = options.wait ?? FIRST_WAIT;
    for (let batch = waiting[0]; batch && !ending.signal.aborted; batch = waiting[0]) {
      const outcome = await post(options, batch, ending.signal);
      if (outcome.kind === 'later') {
        if (!failing)
          options.warn(`${options.endpoint}${batch.path}: ${outcome.reason}; trying again`);
        failing = true;
        // So that many hosts do not come back at once.
        await pause(outcome.after ?? wait * (0.5 + Math.random() / 2), ending.signal);
        wait = Math.min(wait * 2, LONGEST_WAIT);
        continue;
      }
      failing = false;
      full = false;
      wait = options.wait ?? FIRST_WAIT;
      remove(batch);
      if (batch.records === 0) behind = outcome.kind === 'refused' || outcome.rejected > 0;
      if (outcome.kind === 'refused') {
        lose(batch.records, `${options.endpoint}${batch.path}: ${outcome.reason}`);
        continue;
      }
      const rejected = batch.path === '/v1/logs' ? Math.min(outcome.rejected, batch.records) : 0;
      sent += batch.records - rejected;
      if (outcome.rejected > 0 || outcome.message)
        lose(
          rejected,
          `${options.endpoint}${batch.path} rejected ${outcome.rejected}: ${outcome.message}`,
        );
    }
    working = undefined;
  };

  return {
    add(batch) {
      if (batch.records === 0)
        for (const old of waiting.slice(1).filter(({ path }) => path === batch.path)) remove(old);
      if (bytes + batch.body.length > most) {
        lost += batch.records;
        if (!full) options.warn(`${bytes} bytes wait to be sent: what comes now is lost`);
        full = true;
        return;
      }
      waiting.push(batch);
      bytes += batch.body.length;
      working ??= work();
    },
    async finish(milliseconds) {
      const timer = setTimeout(() => ending.abort(), milliseconds);
      await working;
      clearTimeout(timer);
      const left = waiting.reduce((sum, { records }) => sum + records, 0);
      behind ||= waiting.some(({ records }) => records === 0);
      if (left > 0) lose(left, 'the receiver was away until the end');
    },
    get sent() {
      return sent;
    },
    get lost() {
      return lost;
    },
    get behind() {
      return behind;
    },
  };
}

function pause(milliseconds: number, ending: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ending.aborted) return resolve();
    const timer = setTimeout(resolve, milliseconds);
    ending.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function post(options: SenderOptions, batch: Batch, ending: AbortSignal): Promise<Outcome> {
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(`${options.endpoint}${batch.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...options.headers },
      body: batch.body,
      // With its headers a request must not go elsewhere.
      redirect: 'manual',
      signal: AbortSignal.any([ending, AbortSignal.timeout(TIMEOUT)]),
    });
    text = await beginning(answer);
  } catch (error) {
    return { kind: 'later', reason: reasonOf(error) };
  }
  if (PASSING.has(answer.status))
    return { kind: 'later', reason: `status ${answer.status}`, ...retryAfter(answer) };
  if (!answer.ok) return { kind: 'refused', reason: `status ${answer.status} ${short(text)}` };
  return delivered(text);
}

/** fetch tells no more than that it failed; its cause does. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}

function short(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a stranger says must not steer a terminal
  return text.slice(0, 200).replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ');
}

/** Seconds alone; a date is as good as nothing said. */
function retryAfter(answer: Response): { readonly after?: number } {
  const seconds = answer.headers.get('retry-after') ?? '';
  return /^\d{1,5}$/.test(seconds) ? { after: Math.min(Number(seconds) * 1000, LONGEST_WAIT) } : {};
}

/** As much of an answer as anybody has to say. */
async function beginning(answer: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of answer.body ?? []) {
    pieces.push(piece);
    size += piece.length;
    if (size > MOST_ANSWER) break;
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Some receivers answer with nothing, or with protobuf: then nothing was rejected that one could read. */
function delivered(text: string): Outcome {
  try {
    const { partialSuccess } = JSON.parse(text) as {
      partialSuccess?: {
        rejectedLogRecords?: unknown;
        rejectedDataPoints?: unknown;
        errorMessage?: unknown;
      };
    };
    const rejected = Number(
      partialSuccess?.rejectedLogRecords ?? partialSuccess?.rejectedDataPoints ?? 0,
    );
    return {
      kind: 'delivered',
      rejected: Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0,
      message: short(String(partialSuccess?.errorMessage ?? '')),
    };
  } catch {
    return { kind: 'delivered', rejected: 0, message: '' };
  }
}
