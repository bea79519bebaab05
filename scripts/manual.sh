#!/usr/bin/env bash
# Writes the manual pages to dist/man, from what the commands say of themselves: called by build.sh.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir -p dist/man
node_modules/.bin/esbuild --bundle --platform=node --format=esm --packages=external --loader=ts --log-level=warning \
  --outfile=dist/manual.mjs <<'TYPESCRIPT'
import { createProgram } from './compiler/cli/program.ts';
process.stdout.write(createProgram().manual());
TYPESCRIPT
node dist/manual.mjs >dist/man/bpfscript.1

# The loader's own text, as it stands.
{
  printf '%s\n' '.TH BPFLOAD 1' '.SH NAME' 'bpfload \- runs objects that bpfscript built' \
    '.SH SYNOPSIS' '.B bpfload' '[options] OBJECT [parameters]' '.SH DESCRIPTION' '.nf'
  loader/build/bpfload --help | sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^[.']/\\\\\&&/"
  printf '%s\n' '.fi' '.SH SEE ALSO' '.BR bpfscript (1)'
} >dist/man/bpfload.1
