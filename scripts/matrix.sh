#!/usr/bin/env bash
# `npm run matrix`: the guests' tests on every kernel that Debian has, not only on the two of `npm test`. Names of series
# after `--` choose others: `npm run matrix -- 6.6 6.18`.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bash scripts/setup.sh --test
need_packages "${matrix_packages[@]}"
bash scripts/build.sh compiler loader workload
mount_filesystems
series=("$@")
all=(5.10 6.1 6.12 6.18 7.2)
# The page says what all of them do.
if [ ${#series[@]} -eq 0 ]; then
  series=("${all[@]}")
  export BPFSCRIPT_MATRIX_PAGE=docs/kernels.md
fi
bash scripts/fetch-kernels.sh "${series[@]}"
bash scripts/describe-kernels.sh "${series[@]}"
BPFSCRIPT_KERNELS="${series[*]}" node_modules/.bin/vitest run test/guest test/examples/guest.test.ts
