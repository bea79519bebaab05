/** What a loader answers at /metrics. */
import { type Family, parseOpenMetrics } from './openmetrics.ts';

const TIMEOUT = 10_000;
/** The loader's bound on series keeps it far below. */
const LARGEST = 64 << 20;

/** Throws an Error where there is no loader, or what it says is no text of metrics. */
export async function scrape(url: string): Promise<readonly Family[]> {
  const answer = await fetch(url, {
    headers: { accept: 'application/openmetrics-text;version=1.0.0' },
    signal: AbortSignal.timeout(TIMEOUT),
  });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of answer.body ?? []) {
    pieces.push(piece);
    size += piece.length;
    if (size > LARGEST) throw new Error(`it has more than ${LARGEST >> 20} MiB`);
  }
  return parseOpenMetrics(Buffer.concat(pieces).toString('utf8'));
}
