#!/usr/bin/env node
/** What the package calls `bpfscript`: CommonJS, which Node starts a tenth sooner than a module (scripts/build.sh). */
import { join } from 'node:path';
import { type Bundle, openBundle } from './bundle.ts';

/** As package.json has it in `engines`. */
const OLDEST = 20;

// Node would start its debugger: the script that the signal is for is not running yet.
process.on('SIGUSR1', () => undefined);

start();

function start(): void {
  if (Number.parseInt(process.versions.node, 10) < OLDEST)
    refuse(`it needs Node ${OLDEST} or newer, and this is ${process.version}`);
  else open()?.run();
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
