#!/usr/bin/env bash
# Writes .cache/kernels/SERIES/description for each series that scripts/fetch-kernels.sh has unpacked: what scripts are
# built with that are to print what only a build for that very kernel is sure to print.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

for series; do
  folder=.cache/kernels/$series
  if [ ! -d "$folder/boot" ]; then continue; fi
  # Modules may have been added later.
  if [ "$folder/description" -nt "$folder/boot" ] && [ ! "$folder/modules" -nt "$folder/description" ]; then continue; fi
  step "Describing Linux $series"
  node dist/bpfscript.js kernel capture "$folder" -o "$folder/description"
done
