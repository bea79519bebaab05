#!/usr/bin/env bash
# Unpacks Debian's cloud kernels of the given series (6.1, 6.12) under .cache/kernels/SERIES, for guests.
# Nothing is installed, and apt's own lists stay as they are. A series that cannot be had is said so on stderr and left
# out: the tests count it.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The suites of the series that Debian 12 does not carry: they are looked up in a list of packages of our own.
suite_of() {
  case $1 in
    5.10) echo bullseye ;;
    6.1 | 6.12) ;;
    *) echo trixie-backports ;;
  esac
}

# Options of apt that make it read one suite alone, from the mirror that it is configured with.
private_lists() {
  local suite=$1 folder=$root/.cache/apt/$1 mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 'Component: main' |
    awk '$2 == "bookworm" { print $1; exit }')
  if [ -z "$mirror" ]; then return 1; fi
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$folder/sources.list"
  apt_options=(-o "Dir::Etc::sourcelist=$folder/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$folder/lists"
    -o "Dir::Cache=$folder/cache" -o APT::Sandbox::User=root)
  apt-get "${apt_options[@]}" update -qq
}

# The newest of the packages linux-KIND-SERIES...-cloud-amd64 that apt knows; nothing if there is none.
newest() {
  apt-cache "${apt_options[@]}" search --names-only "^linux-$1-${2//./\\.}[.-].*-cloud-amd64\$" |
    awk '{ print $1 }' | grep -v unsigned | sort -V | tail -n 1 || true
}

for series; do
  target=.cache/kernels/$series
  [ -d "$target/boot" ] && [ -d "$target/modules" ] && continue
  apt_options=()
  suite=$(suite_of "$series")
  if [ -n "$suite" ]; then
    private_lists "$suite" || echo "the package lists of $suite cannot be read" >&2
  fi
  package=$(newest image "$series")
  if [ -z "$package" ] && [ -z "$suite" ] && [ "$(id -u)" = 0 ]; then
    apt-get update -qq
    package=$(newest image "$series")
  fi
  if [ -z "$package" ]; then
    echo "no package of a $series cloud kernel is known to apt: guests of that series are skipped" >&2
    continue
  fi
  step "Fetching $package"
  work=$(mktemp -d)
  # Since 7.x the package of that name only depends on one with the kernel's file.
  (
    cd "$work"
    binary=$(newest binary "$series")
    apt-get "${apt_options[@]}" download -qq "${binary:-$package}"
    dpkg -x ./*.deb unpacked
  )
  # The kernel and a few small modules, two of which have functions of the same name: all would be 100 MB.
  rm -rf "$target/boot" "$target/modules"
  mkdir -p "$target/boot" "$target/modules"
  for module in dummy ledtrig-timer ledtrig-oneshot; do
    find "$work/unpacked" -name "$module.ko*" -type f -exec cp {} "$target/modules" \;
  done
  find "$target/modules" -name '*.xz' -exec xz -d {} +
  find "$work/unpacked" -name 'vmlinuz*' -type f -exec cp {} "$target/boot/vmlinuz-${package#linux-image-}" \;
  rm -rf "$work"
  [ -n "$(ls "$target/boot")" ] || fail "$package has no kernel in it"
done
