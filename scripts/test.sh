#!/usr/bin/env bash
# `npm test`: set-up, build, formatting, types, loader unit tests, then all tests. Arguments go to vitest, and only what
# the files that they name need is built: `npm test -- test/linker`.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bash scripts/setup.sh --test
if [ $# -eq 0 ]; then
  step 'Building'
  bash scripts/build.sh compiler loader manual sanitized workload types
  mount_filesystems
  check_layout
  step 'Loader unit tests (with address and undefined-behaviour sanitizers)'
  make -s -C loader check
  step 'What is kept of the fuzzers'
  bash scripts/fuzz.sh 0
  # 5.10 is only there to lack what scripts need, 7.2 for the form of its image.
  bash scripts/fetch-kernels.sh 5.10 6.1 6.12 7.2
  bash scripts/describe-kernels.sh 6.1 6.12
  # Rows of the feature table that no test proves are then faults.
  export BPFSCRIPT_ALL_TESTS=1
  step 'Tests'
  node_modules/.bin/vitest run
  exit
fi

parts=()
need() {
  local part
  for part; do [[ " ${parts[*]} " == *" $part "* ]] || parts+=("$part"); done
}
need compiler
for argument; do
  case $argument in
    -*) ;;
    # Both commands' texts, and lists of probes of this host.
    test/compiler/cli* | test/compiler/listing*) need loader manual ;;
    test/compiler/* | test/linker* | test/architecture* | test/docs*) ;;
    *)
      need loader manual workload
      [ -e "$argument" ] && ! grep -rqE 'LOADER_ASAN|bpfload-asan' "$argument" || need sanitized
      ;;
  esac
done
# The tests need no types: both at the same time.
bash scripts/build.sh types &
types=$!
trap 'kill "$types" 2>/dev/null || true' EXIT
bash scripts/build.sh "${parts[@]}"
mount_filesystems
status=0
node_modules/.bin/vitest run "$@" || status=$?
wait "$types" || fail 'the types are wrong: see above'
exit "$status"
