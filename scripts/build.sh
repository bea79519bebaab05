#!/usr/bin/env bash
# Builds compiler (dist/), back end, loader and stdlib. Incremental: nothing to do takes about a second.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
npx --no-install tsc -p tsconfig.json
bash scripts/build-backend.sh
make -s -C loader
# The command itself, where npx looks first.
chmod 755 dist/compiler/cli/main.js
ln -sf ../../dist/compiler/cli/main.js node_modules/.bin/bpfscript
