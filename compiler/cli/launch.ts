#!/usr/bin/env node
/** What the package calls `bpfscript`. */
import { fileURLToPath } from 'node:url';
import { openBundle } from './bundle.ts';

// Node would start its debugger: the script that the signal is for is not running yet.
process.on('SIGUSR1', () => undefined);

await openBundle(fileURLToPath(new URL('bpfscript.cjs', import.meta.url))).run();
