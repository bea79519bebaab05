#!/usr/bin/env bash
# Builds the loader for arm64 on this machine: loader/build-arm64/bpfload. The libraries come from Debian's arm64
# packages, which are unpacked under .cache/arm64, not installed.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_packages "${arm64_packages[@]}"
packages=$root/.cache/arm64
if [ ! -d "$packages/lib" ]; then
  step "Fetching the loader's libraries for arm64"
  private_lists bookworm arm64 || fail "the package lists of bookworm for arm64 cannot be read"
  work=$(mktemp -d)
  (
    cd "$work"
    apt-get "${apt_options[@]}" download -qq libbpf-dev libelf-dev zlib1g-dev libiberty-dev
    for package in *.deb; do dpkg -x "$package" unpacked; done
  )
  mkdir -p "$packages"
  cp -r "$work/unpacked/usr/include" "$packages/include"
  # Last, as a mark that all of it is there.
  cp -r "$work/unpacked/usr/lib/aarch64-linux-gnu" "$packages/lib"
  rm -rf "$work"
fi
make -s -C loader BUILD=build-arm64 CC=aarch64-linux-gnu-gcc PACKAGES="$packages"
