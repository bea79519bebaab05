#!/usr/bin/env bash
# `npm test`: set-up, build, formatting, types, loader unit tests, then all tests. Arguments go to vitest:
# `npm test -- test/linker`.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bash scripts/setup.sh --test
step 'Building'
bash scripts/build.sh
make -s -C loader SANITIZE=1
make -s -C test/workload
mount_filesystems
if [ $# -eq 0 ]; then
  step 'Formatting and linting'
  npx --no-install biome ci --colors=off .
  clang-format-14 --dry-run -Werror loader/src/*/*.[ch] loader/tests/*.[ch] test/workload/*.c bench/c/*.[ch]
  node dist/bpfscript.js fmt --check examples/*.bt stdlib/*.bt
  step 'Types'
  npx --no-install tsc -p tsconfig.check.json
  step 'Loader unit tests (with address and undefined-behaviour sanitizers)'
  make -s -C loader check
  # 5.10 is only there to lack what scripts need.
  bash scripts/fetch-kernels.sh 5.10 6.1 6.12
  # The report then lists the rows of the feature table that no test proves.
  export BPFSCRIPT_ALL_TESTS=1
fi
step 'Tests'
npx --no-install vitest run "$@"
