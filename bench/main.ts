/**
 * `npm run bench [-- PART|BODY...]`: all that is measured, one part after the other; parts choose some of them, names of
 * bodies (bodies.ts) measure these alone. Each figure stands beside its peer's of the same run: read the ratios.
 */
import { BODIES } from './bodies.ts';
import { reportCompiling } from './compiling.ts';
import { reportEvents } from './events.ts';
import { reportLasting } from './lasting.ts';
import { reportManyProbes } from './many-probes.ts';
import { reportStarting } from './starting.ts';

const PARTS: Readonly<Record<string, () => Promise<void> | void>> = {
  events: () => reportEvents([]),
  starting: reportStarting,
  compiling: reportCompiling,
  probes: reportManyProbes,
  lasting: reportLasting,
};

const asked = process.argv.slice(2);
const bodies = asked.filter((name) => BODIES.some((body) => body.name === name));
const parts =
  asked.length === 0 ? Object.keys(PARTS) : asked.filter((name) => Object.hasOwn(PARTS, name));
if (bodies.length + parts.length < asked.length) {
  process.stderr.write(
    `usage: npm run bench [-- PART|BODY...]; parts: ${Object.keys(PARTS).join(', ')}; bodies: ${BODIES.map(({ name }) => name).join(', ')}\n`,
  );
  process.exitCode = 2;
} else {
  if (bodies.length > 0) await reportEvents(bodies);
  for (const part of parts) {
    process.stdout.write(`\n== ${part}\n\n`);
    await PARTS[part]?.();
  }
}
