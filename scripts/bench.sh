#!/usr/bin/env bash
# `npm run bench [-- PART|BODY...]`: all that is measured, beside the installed bpftrace, hand-written C and bare Node
# (bench/main.ts has the parts); `npm run survey`: how many of the scripts that bpftrace takes compile. Needs root.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bash scripts/setup.sh --bench
bash scripts/build.sh
node_modules/.bin/tsc -p tsconfig.json
make -s -C test/workload
make -s -C bench
mount_filesystems
if [ "${1-}" = survey ]; then
  node .cache/modules/bench/survey.js
else
  node .cache/modules/bench/main.js "$@"
fi
