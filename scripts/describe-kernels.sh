#!/usr/bin/env bash
# Writes .cache/kernels/SERIES/description for each series that scripts/fetch-kernels.sh has unpacked: what scripts are
# built with that are to print what only a build for that very kernel is sure to print. The types alone are in it.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# An unsigned number of a file: OFFSET BYTES.
number() { od -An -v -j"$1" -N"$2" "-tu$2" "$kernel" | tr -d ' '; }

# The kernel inside of a bzImage: the boot protocol (Documentation/arch/x86/boot.rst) says where the payload is. Behind
# it stand four bytes with its size, which are not of the compressed stream, but for gzip's.
unpack() {
  local kernel=$1 sectors start size magic decompress
  sectors=$(number 497 1)
  start=$(((sectors + 1) * 512 + $(number 584 4)))
  size=$(number 588 4)
  magic=$(od -An -tx1 -j"$start" -N4 "$kernel" | tr -d ' ')
  case $magic in
    28b52ffd) decompress=(zstd -dqc) ;;
    02214c18) decompress=(lz4 -dqc) ;;
    fd377a58) decompress=(xz -dqc --single-stream) ;;
    *) fail "$kernel is compressed in a way that is not known here ($magic)" ;;
  esac
  head -c $((start + size - 4)) "$kernel" | tail -c +$((start + 1)) | "${decompress[@]}"
}

for series; do
  folder=.cache/kernels/$series
  image=$(find "$folder/boot" -name 'vmlinuz-*' 2>/dev/null | head -n 1)
  # Those of arm64 are not bzImages.
  [ -n "$image" ] && [[ $series != arm64-* ]] || continue
  [ ! "$folder/description" -nt "$image" ] || continue
  step "Describing Linux $series"
  work=$(mktemp -d)
  unpack "$image" >"$work/vmlinux"
  release=${image##*/vmlinuz-}
  node dist/bpfscript.js kernel capture --vmlinux "$work/vmlinux" --release "$release" --arch x86_64 -o "$folder/description"
  rm -rf "$work"
done
