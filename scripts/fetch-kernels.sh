#!/usr/bin/env bash
# Unpacks Debian's cloud kernels of the given series (6.1, 6.12) under .cache/kernels/SERIES, for guests.
# Nothing is installed. A series that cannot be had is said so on stderr and left out: the tests count it.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
for series; do
  target=.cache/kernels/$series
  [ -d "$target/boot" ] && continue
  package=$(apt-cache search --names-only "^linux-image-${series//./\\.}\.[0-9].*-cloud-amd64\$" | awk '{print $1}' | sort -V | tail -n 1)
  if [ -z "$package" ] && [ "$(id -u)" = 0 ]; then
    apt-get update -qq
    package=$(apt-cache search --names-only "^linux-image-${series//./\\.}\.[0-9].*-cloud-amd64\$" | awk '{print $1}' | sort -V | tail -n 1)
  fi
  if [ -z "$package" ]; then
    echo "no package of a $series cloud kernel is known to apt: guests of that series are skipped" >&2
    continue
  fi
  step "Fetching $package"
  work=$(mktemp -d)
  (cd "$work" && apt-get download -qq "$package" && dpkg -x ./*.deb unpacked)
  mkdir -p .cache/kernels
  rm -rf "$target"
  mkdir -p "$target/boot"
  # Only the kernel: its modules would be 100 MB that no guest loads.
  cp "$work"/unpacked/boot/vmlinuz-* "$target/boot/"
  rm -rf "$work"
done
