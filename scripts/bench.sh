#!/usr/bin/env bash
# `npm run bench`: cost per event beside hand-written C and the installed bpftrace; `npm run bench:lasting`: storms,
# ends and memory; `npm run bench:compiling`: starting and compiling beside bare Node; `npm run survey`: how many of the
# scripts that bpftrace takes compile. Needs root.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bash scripts/setup.sh --bench
bash scripts/build.sh
node_modules/.bin/tsc -p tsconfig.json
make -s -C test/workload
make -s -C bench
mount_filesystems
if [ "${1-}" = lasting ]; then
  node .cache/modules/bench/lasting.js
elif [ "${1-}" = compiling ]; then
  node .cache/modules/bench/compiling.js
elif [ "${1-}" = survey ]; then
  node .cache/modules/bench/survey.js
else
  node .cache/modules/bench/main.js "$@"
fi
