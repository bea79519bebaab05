#!/usr/bin/env bash
# `npm start`: from a fresh clone to a traced workload. Sets up and builds what is missing, compiles an
# example, runs it on this kernel against a workload of its own, and shows the result.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bash scripts/setup.sh
step 'Building compiler, back end and loader'
bash scripts/build.sh

script=examples/readsize.bt
object=$(mktemp -d)/readsize.o
trap 'rm -rf "$(dirname "$object")"' EXIT

step "The script, $script"
cat "$script"
step "npx bpfscript build $script -o readsize.o"
npx --no-install bpfscript build "$script" -o "$object"
step 'npx bpfscript inspect readsize.o'
npx --no-install bpfscript inspect "$object"

mount_filesystems
step 'loader/build/bpfload readsize.o   (3 seconds, while dd reads 20,000 blocks of 4 KiB and 5,000 of 64 KiB)'
(
  sleep 0.5
  dd if=/dev/zero of=/dev/null bs=4096 count=20000 status=none
  dd if=/dev/zero of=/dev/null bs=65536 count=5000 status=none
) &
errors=$(dirname "$object")/errors
status=0
timeout --preserve-status --signal=INT 3 loader/build/bpfload "$object" 2> >(tee "$errors" >&2) || status=$?
wait
case $status in
  0) step "Done. Next: npx bpfscript -e 'BEGIN { printf(\"hello\\n\"); }'   and   npm test" ;;
  # The loader said which permission is missing; building needs none, so this is a success all the same.
  4) step 'The object was built and inspected, but loading BPF is not permitted here (see the message above): run "sudo npm start"' ;;
  *) exit "$status" ;;
esac
