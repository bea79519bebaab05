/** Reads what a script printed, in whatever form. */
import type { Findings, Problem } from './findings.ts';
import { readFolded } from './read-folded.ts';
import { readJson } from './read-json.ts';
import { isMapLine, readText } from './read-text.ts';

/** Objects of JSON begin so; maps stand in texts alone; and folded lines are what is left. */
export function readFindings(bytes: Uint8Array): Findings | Problem {
  if (bytes.includes(0)) return { problem: 'it is no text' };
  const text = new TextDecoder().decode(bytes);
  const lines = text.split(/\r?\n/);
  const first = lines.find((line) => line.trim() !== '');
  if (first === undefined) return { problem: 'it is empty' };
  if (first.startsWith('{')) return readJson(lines);
  return lines.some(isMapLine) ? readText(lines) : readFolded(lines);
}
