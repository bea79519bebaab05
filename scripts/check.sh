#!/usr/bin/env bash
# `npm run check`: what needs neither root nor this kernel: formatting, lint, types, and the tests that only compile.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
bash scripts/setup.sh --test
bash scripts/build.sh compiler loader manual types
check_layout
step 'Tests that only compile'
node_modules/.bin/vitest run --project compile
