#!/usr/bin/env bash
# Keeps the code that V8 makes of the bundle (dist/bpfscript.cjs.code), by running it once: called by build.sh.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
node_modules/.bin/esbuild --bundle --platform=node --format=esm --loader=ts --log-level=warning \
  --outfile=dist/keep-code.mjs <<'TYPESCRIPT'
import { writeFileSync } from 'node:fs';
import { codeFile, openBundle } from './compiler/cli/bundle.ts';
const bundle = 'dist/bpfscript.cjs';
const opened = openBundle(bundle);
await opened.run();
writeFileSync(codeFile(bundle), opened.code());
TYPESCRIPT
rm -f dist/bpfscript.cjs.code
# What most scripts use, and no more.
node dist/keep-code.mjs build examples/opensnoop.bt -o /dev/null
