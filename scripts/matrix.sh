#!/usr/bin/env bash
# `npm run matrix`: the guests' tests on every kernel that Debian has, not only on the two of `npm test`. Names of series
# after `--` choose others: `npm run matrix -- 6.6 arm64-6.18`.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bash scripts/setup.sh --test
need_packages "${matrix_packages[@]}"
bash scripts/build.sh compiler loader workload
mount_filesystems
series=("$@")
all=(5.10 6.1 6.12 6.18 7.2 arm64-6.12 arm64-6.18)
# The page says what all of them do.
if [ ${#series[@]} -eq 0 ]; then
  series=("${all[@]}")
  export BPFSCRIPT_MATRIX_PAGE=docs/kernels.md
fi
needed=("${series[@]}")
if [[ " ${series[*]}" == *' arm64-'* ]]; then
  bash scripts/build-arm64.sh
  make -s -C test/workload BUILD=build-arm64 CC=aarch64-linux-gnu-gcc
  # Objects for arm64 are built with the description of this one.
  [[ " ${series[*]} " == *' arm64-6.12 '* ]] || needed+=(arm64-6.12)
fi
bash scripts/fetch-kernels.sh "${needed[@]}"
bash scripts/describe-kernels.sh "${needed[@]}"
BPFSCRIPT_KERNELS="${series[*]}" node_modules/.bin/vitest run test/guest test/examples/guest.test.ts
