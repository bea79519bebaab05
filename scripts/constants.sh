#!/usr/bin/env bash
# `npm run constants`: makes stdlib/constants.txt, the integer constants of kernel and C headers, from Debian's
# packages of several kernels. What scripts name by `#include` is then known on machines without headers.
#
# A constant is taken only where every kernel that has it gives it the same value: what changes from version to version
# (LINUX_VERSION_CODE, AF_MAX) is nothing that an object could hold. Where x86-64 and arm64 differ, both values are
# written. The kernel's own headers come first, because scripts name them; then those of the C library.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_packages clang-14 libc6-dev "${arm64_packages[@]}"

# suite and series of each kernel whose headers are read, oldest first.
kernels=('bullseye 5.10' 'bookworm 6.1' 'trixie 6.12' 'trixie-backports 7')

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
folders=()
for kernel in "${kernels[@]}"; do
  read -r suite series <<<"$kernel"
  private_lists "$suite"
  package=$(apt-cache "${apt_options[@]}" search --names-only "^linux-headers-${series//./\\.}[.-].*-common\$" |
    awk '{ print $1 }' | sort -V | tail -n 1)
  [ -n "$package" ] || fail "apt knows no headers of Linux $series"
  step "Reading $package"
  mkdir "$work/$series"
  (cd "$work/$series" && apt-get "${apt_options[@]}" download -qq "$package" && dpkg -x ./*.deb .)
  folders+=("$work/$series/usr/src/$package")
done
step 'Asking clang for their constants: some minutes'
node scripts/constants.mjs stdlib/constants.txt "${folders[@]}"
