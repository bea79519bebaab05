#!/usr/bin/env bash
# `npm start`: from a fresh clone to a traced workload. Sets up and builds what is missing, compiles an example, runs it
# on this kernel against a workload of its own, shows the result, and then how it came about and what to do next.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bash scripts/setup.sh
bash scripts/build.sh

script=examples/readsize.bt
object=$(mktemp -d)/readsize.o
trap 'rm -rf "$(dirname "$object")"' EXIT
npx --no-install bpfscript build "$script" -o "$object"

mount_filesystems
step 'Which sizes are read, by process: 3 seconds (Ctrl-C ends it sooner), while dd reads 20,000 blocks of 4 KiB and 5,000 of 64 KiB'
(
  sleep 0.5
  dd if=/dev/zero of=/dev/null bs=4096 count=20000 status=none
  dd if=/dev/zero of=/dev/null bs=65536 count=5000 status=none
) &
status=0
timeout --preserve-status --foreground --signal=INT 3 loader/build/bpfload "$object" || status=$?
wait
case $status in
  0) ;;
  # The loader said which permission is missing; building needs none, so this is a success all the same.
  4) step 'The object was built, but loading BPF is not permitted here (see the message above): run "sudo npm start"' ;;
  *) exit "$status" ;;
esac

step "The script, $script"
cat "$script"
step "npx --no-install bpfscript build $script -o readsize.o    made this object of it:"
npx --no-install bpfscript inspect "$object"
step "loader/build/bpfload readsize.o    ran it; that is all that a traced host needs, and Ctrl-C ends it."
step "Next: npx --no-install bpfscript -e 'BEGIN { printf(\"hello\\n\"); }'   the other examples (docs/tools/README.md)   npm test"
