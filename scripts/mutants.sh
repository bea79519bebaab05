#!/usr/bin/env bash
# `npm run mutants -- [--count N] [--seed N] [--own] [--kernel] FOLDER|FILE...`: puts N small faults, one at a time, into files of
# compiler, linker or loader/src, and shows which of them no test notices. Takes seconds for each, minutes with --kernel.
# `npm run mutants -- --again [--kernel]`: the loader's survivors of the last run once more.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bash scripts/setup.sh --test
bash scripts/build.sh compiler loader workload sanitized
mount_filesystems
mkdir -p .cache/mutants
node_modules/.bin/esbuild test/mutants/mutants.ts --bundle --platform=node --format=esm --packages=external \
  --outfile=.cache/mutants/mutants.mjs --log-level=warning
node .cache/mutants/mutants.mjs "$@"
