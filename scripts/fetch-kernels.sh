#!/usr/bin/env bash
# Unpacks Debian's cloud kernels of the given series (6.1, 6.12, arm64-6.12) under .cache/kernels/SERIES, for guests.
# Those of arm64 get a busybox beside them, which is what their guests begin with.
# Nothing is installed, and apt's own lists stay as they are. A series that cannot be had is said so on stderr and left
# out: the tests count it.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The suite that a series of an architecture is looked up in by a list of packages of our own; nothing where apt's own
# lists have it.
suite_of() {
  case $1-$2 in
    *-5.10) echo bullseye ;;
    amd64-6.1 | amd64-6.12) ;;
    arm64-6.1) echo bookworm ;;
    arm64-6.12) echo bookworm-security ;;
    *) echo trixie-backports ;;
  esac
}

# The newest of the packages linux-KIND-SERIES...-cloud-ARCHITECTURE that apt knows; nothing if there is none.
newest() {
  apt-cache "${apt_options[@]}" search --names-only "^linux-$1-${2//./\\.}[.-].*-cloud-$3\$" |
    awk '{ print $1 }' | grep -v unsigned | sort -V | tail -n 1 || true
}

# A small module and some of those that people trace, with what they need: all would be 100 MB. sd_mod and xfs have
# functions of the same name on every kernel.
modules=(dummy scsi_common scsi_mod sd_mod scsi_debug nfnetlink libcrc32c nf_tables xfs)

# Copies the static busybox of an architecture to a file.
fetch_busybox() {
  local architecture=$1 to=$2 work
  work=$(mktemp -d)
  private_lists bookworm "$architecture"
  (
    cd "$work"
    apt-get "${apt_options[@]}" download -qq busybox-static
    dpkg -x ./*.deb unpacked
  )
  cp "$work/unpacked/bin/busybox" "$to"
  rm -rf "$work"
}

for series; do
  target=.cache/kernels/$series
  architecture=amd64 version=$series
  if [[ $series == arm64-* ]]; then
    architecture=arm64 version=${series#arm64-}
    need_packages "${arm64_test_packages[@]}"
  fi
  # What was unpacked when other modules were wanted is unpacked again.
  [ -d "$target/boot" ] && [ "$(cat "$target/modules.list" 2>/dev/null)" = "${modules[*]}" ] &&
    { [ "$architecture" = amd64 ] || [ -x "$target/busybox" ]; } && continue
  apt_options=()
  suite=$(suite_of "$architecture" "$version")
  if [ -n "$suite" ]; then
    private_lists "$suite" "$architecture" || echo "the package lists of $suite cannot be read" >&2
  fi
  package=$(newest image "$version" "$architecture")
  if [ -z "$package" ] && [ -z "$suite" ] && [ "$(id -u)" = 0 ]; then
    apt-get update -qq
    package=$(newest image "$version" "$architecture")
  fi
  if [ -z "$package" ]; then
    echo "no package of a $series cloud kernel is known to apt: guests of that series are skipped" >&2
    continue
  fi
  step "Fetching $package"
  work=$(mktemp -d)
  # Since 7.x the package of that name only depends on one with the kernel's file and one with the modules.
  (
    cd "$work"
    parts=()
    for kind in binary modules; do
      part=$(newest "$kind" "$version" "$architecture")
      [ -z "$part" ] || parts+=("$part")
    done
    [ ${#parts[@]} -gt 0 ] || parts=("$package")
    apt-get "${apt_options[@]}" download -qq "${parts[@]}"
    for part in ./*.deb; do dpkg -x "$part" unpacked; done
  )
  rm -rf "$target/boot" "$target/modules"
  mkdir -p "$target/boot" "$target/modules"
  for module in "${modules[@]}"; do
    find "$work/unpacked" -name "$module.ko*" -type f -exec cp {} "$target/modules" \;
  done
  find "$target/modules" -name '*.xz' -exec xz -d {} +
  find "$work/unpacked" -name 'vmlinuz*' -type f -exec cp {} "$target/boot/vmlinuz-${package#linux-image-}" \;
  rm -rf "$work"
  echo "${modules[*]}" >"$target/modules.list"
  [ "$architecture" = amd64 ] || fetch_busybox "$architecture" "$target/busybox"
  [ -n "$(ls "$target/boot")" ] || fail "$package has no kernel in it"
done
