#!/usr/bin/env bash
# Keeps the code that V8 makes of the parts of the bundle that most commands use (PART.code beside each): called by build.sh.
# `keep-code.sh FOLDER`
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
parts=$1
node_modules/.bin/esbuild --bundle --platform=node --format=cjs --loader=ts --log-level=warning \
  --outfile=dist/keep-code.cjs <<'TYPESCRIPT'
import { writeFileSync } from 'node:fs';
import { openBundle } from './compiler/cli/bundle.ts';
const [folder = ''] = process.argv.splice(2, 1);
const refuse = (error: unknown): never => {
  throw error;
};
// Code is kept under V8's own flags: those that it is opened under.
const bundle = openBundle(folder, { open: require, refuse, goesOn: () => undefined });
bundle.run().then(() => {
  for (const [file, code] of bundle.code()) writeFileSync(file, code);
});
TYPESCRIPT
node dist/keep-code.cjs "$parts" build examples/opensnoop.bt -o /dev/null
node dist/keep-code.cjs "$parts" fmt examples/opensnoop.bt >/dev/null
node dist/keep-code.cjs "$parts" explain unknown-identifier >/dev/null

# A script that is run for the first and the second time, up to where the command would become the loader.
cache=$(mktemp -d)
trap 'rm -rf "$cache"' EXIT
for _ in first second; do
  said=$(XDG_CACHE_HOME=$cache BPFSCRIPT_LOADER=/nonexistent node dist/keep-code.cjs "$parts" run examples/opensnoop.bt 2>&1) || true
  [ "$said" = 'ERROR: cannot start the loader /nonexistent: no such file or directory' ] || fail "run: $said"
done
