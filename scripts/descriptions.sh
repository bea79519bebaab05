#!/usr/bin/env bash
# `npm run descriptions`: makes the descriptions that have names, each from Debian's package of that kernel for usual
# machines with all of its modules, in descriptions/, with a list of their checksums. Names after `--` choose some of
# them: `npm run descriptions -- 6.12 6.18-arm64`. What cannot be had is said at the end, and fails.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  names=({5.10,6.1,6.12,6.18,7.2}-x86_64 {6.1,6.12,6.18,7.2}-aarch64)
fi
bash scripts/build.sh compiler
missing=()
for name in "${names[@]}"; do
  step "Describing $name"
  node dist/bpfscript.js kernel add "$name" --folder descriptions || missing+=("$name")
done
(cd descriptions && sha256sum -- *.kernel >SHA256SUMS)
ls -l descriptions >&2
[ ${#missing[@]} -eq 0 ] || fail "no description was made of ${missing[*]}: see above"
