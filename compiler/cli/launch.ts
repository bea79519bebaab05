#!/usr/bin/env node
/** What the package calls `bpfscript`: CommonJS, which Node starts a tenth sooner than a module (scripts/build.sh). */
import { join } from 'node:path';
import { openBundle } from './bundle.ts';

// Node would start its debugger: the script that the signal is for is not running yet.
process.on('SIGUSR1', () => undefined);

void openBundle(join(import.meta.dirname, 'bpfscript.cjs')).run();
