#!/usr/bin/env node
/** What the package calls `bpfscript`: CommonJS, which Node starts a tenth sooner than a module (scripts/build.sh). */
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { type Bundle, openBundle } from './bundle.ts';

/**
 * How much a function does before V8 optimises it: bytes of code that have run, fifteen times V8's own number. A command ends
 * before most of what V8 optimises pays: it was a fifth of the time for 100 probes. Told once the bundle is open, since V8
 * would refuse the code that was kept under other flags.
 */
const INTERRUPT_BUDGET = 2_000_000;

/** As package.json has it in `engines`. */
const OLDEST = 20;

// Node would start its debugger: the script that the signal is for is not running yet.
process.on('SIGUSR1', () => undefined);

start();

function start(): void {
  if (Number.parseInt(process.versions.node, 10) < OLDEST)
    refuse(`it needs Node ${OLDEST} or newer, and this is ${process.version}`);
  else {
    const bundle = open();
    setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);
    bundle?.run();
  }
}

function open(): Bundle | undefined {
  try {
    return openBundle(join(import.meta.dirname, 'bpfscript.cjs'));
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

/** Of an installation that is incomplete, or on a machine that does not suit it: 1 as in status.ts. */
function refuse(why: string): void {
  process.stderr.write(`ERROR: bpfscript cannot start: ${why}\n`);
  process.exitCode = 1;
}
