#!/usr/bin/env node
/** What the package calls `bpfscript`: CommonJS, which Node starts a tenth sooner than a module (scripts/build.sh). */
import { join } from 'node:path';
import { openBundle } from './bundle.ts';

/**
 * How much a function does before V8 optimises it: bytes of code that have run, fifteen times V8's own number. A command
 * ends before most of what V8 optimises pays: it was a fifth of the time for 100 probes. What the first file of the bundle
 * can do is done sooner than V8 could be told: it refuses code that was kept under other flags, also that of Node's own
 * modules, of which opening `node:v8` is a number.
 */
const INTERRUPT_BUDGET = 2_000_000;

/** As package.json has it in `engines`. */
const OLDEST = 20;

// Node would start its debugger: the script that the signal is for is not running yet.
process.on('SIGUSR1', () => undefined);

if (Number.parseInt(process.versions.node, 10) < OLDEST)
  refuse(`it needs Node ${OLDEST} or newer, and this is ${process.version}`);
openBundle(join(import.meta.dirname, 'parts'), {
  open: require,
  refuse,
  goesOn: () => require('node:v8').setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`),
}).run();

/** Of an installation that is incomplete, or on a machine that does not suit it: 1 as in status.ts. */
function refuse(why: unknown): never {
  process.stderr.write(
    `ERROR: bpfscript cannot start: ${why instanceof Error ? why.message : why}\n`,
  );
  process.exit(1);
}
