#!/usr/bin/env bash
# `npm test`: set-up, build, formatting, types, loader unit tests, then all tests. Arguments go to vitest, and only what
# the files that they name need is built: `npm test -- test/linker`.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

reports=.cache/test-reports

# Some projects of vitest.config.ts, so nice, with these options: prints as it goes, and keeps what came out.
projects() {
  local niceness=$1 names=$2 options=("${@:3}")
  # shellcheck disable=SC2086 # a list of names
  nice -n "$niceness" node_modules/.bin/vitest run $(printf -- '--project=%s ' $names) "${options[@]}" \
    --reporter=default --reporter=blob --outputFile.blob="$reports/${names// /-}.json" </dev/null 2>&1 | cat
}

# Tests that have the kernel for themselves run one after the other, and now and then wait: the others run beside them
# on all processors, and give way to them, so that nobody waits for those that can only run one by one, and no processor
# is idle meanwhile or once they have ended. One report is made of both, in which rows of the feature table that no test
# proves are faults.
all_tests() {
  local beside status=0
  rm -rf "$reports"
  # In a process group of its own, which ends when this one does.
  set -m
  projects 5 'guests compile' &
  beside=$!
  set +m
  # shellcheck disable=SC2064 # the process of now
  trap "kill -- -$beside 2>/dev/null || true" EXIT
  # One runs, and the next one gets ready.
  projects 0 alone --poolOptions.forks.maxForks=2 || status=$?
  # Nothing of ours is left to give way to: beside what else a busy machine does they would starve. Only root may do so.
  renice -n 0 -g "$beside" >/dev/null 2>&1 || true
  wait "$beside" || status=$?
  trap - EXIT
  step 'All of them'
  BPFSCRIPT_ALL_TESTS=1 node_modules/.bin/vitest run --merge-reports="$reports" || status=$?
  return "$status"
}

bash scripts/setup.sh --test
if [ $# -eq 0 ]; then
  step 'Building'
  bash scripts/build.sh compiler loader manual sanitized workload types
  mount_filesystems
  check_layout
  step 'Loader unit tests (with address and undefined-behaviour sanitizers)'
  make -s -C loader -j"$(nproc)" -Otarget check
  step 'What is kept of the fuzzers'
  bash scripts/fuzz.sh 0
  # 5.10 is only there to lack what scripts need, 7.2 for the form of its image.
  bash scripts/fetch-kernels.sh 5.10 6.1 6.12 7.2
  bash scripts/describe-kernels.sh 6.1 6.12
  step 'Tests'
  all_tests
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
