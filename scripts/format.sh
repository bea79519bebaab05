#!/usr/bin/env bash
# `npm run format`: formats TypeScript, JSON, C and BpfScript in place.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_packages clang-format-14
npx --no-install biome check --write .
clang-format-14 -i loader/src/*/*.[ch] loader/guest/*.c loader/tests/*.[ch] loader/fuzz/*.[ch] test/workload/*.c bench/c/*.[ch]
bash scripts/build.sh compiler
node dist/bpfscript.js fmt --write examples/*.bt stdlib/*.bt
