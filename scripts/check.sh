#!/usr/bin/env bash
# `npm run check`: what needs neither root nor this kernel: formatting, lint, types, and the tests that only compile.
# Arguments go to vitest: `npm run check -- --changed` leaves out tests that import nothing of what is not committed yet.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bash scripts/setup.sh --test
bash scripts/build.sh compiler loader manual types
check_layout
step 'Tests that only compile, with a fifth of the random cases'
BPFSCRIPT_ROUNDS=0.2 node_modules/.bin/vitest run --project compile "$@"
