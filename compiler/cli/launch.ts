#!/usr/bin/env node
/** What the package calls `bpfscript`. */
import { fileURLToPath } from 'node:url';
import { openBundle } from './bundle.ts';

await openBundle(fileURLToPath(new URL('bpfscript.cjs', import.meta.url))).run();
