# Shared by the scripts of this folder: source it, do not run it.
# shellcheck shell=bash
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# Says what comes next: bold on a terminal, plain in files and pipes.
step() { if [ -t 2 ]; then printf '\033[1m==> %s\033[0m\n' "$*" >&2; else printf '==> %s\n' "$*" >&2; fi; }
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# What building needs, what testing needs besides, and what the benchmarks compare with.
build_packages=(llvm-14-dev zlib1g-dev g++ gcc make cmake ninja-build libbpf-dev libelf-dev libiberty-dev libsodium-dev)
# libFuzzer and the sanitizers of clang.
fuzz_packages=(clang-14 libclang-rt-14-dev)
test_packages=("${fuzz_packages[@]}" qemu-system-x86 busybox-static cpio xz-utils zstd bpftool llvm-14 clang-format-14 zsh fish man-db tmux dwz prometheus prometheus-node-exporter docker-registry ansible-core)
# Makes encoders of schemas: only for `npm run docs`.
docs_packages=(protobuf-compiler)
# Opens pictures in the tests. It is large: only root's `npm test` brings it.
browser_packages=(chromium)
# The loader for arm64, and guests that run it.
arm64_packages=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
# The compiler's back end for arm64, besides.
arm64_backend_packages=(g++-aarch64-linux-gnu)
arm64_test_packages=(qemu-system-arm)
# A second loader library, with half a gigabyte of Go: only for `npm run matrix`.
matrix_packages=(golang-go golang-github-cilium-ebpf-dev)
# Fresh roots, in which packages are installed: only for `npm run test:packages`.
package_test_packages=(mmdebstrap lintian dpkg-dev buildah)
bench_packages=(bpftrace clang-14)

# Installs the Debian packages that are missing: as root by itself, else it prints the command.
need_packages() {
  local missing=() package installed
  installed=" $(dpkg-query -W -f '${Package}/${db:Status-Status} ' "$@" 2>/dev/null || true)"
  for package in "$@"; do
    [[ $installed == *" $package/installed "* ]] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ]; then
    printf 'These Debian packages are missing. Install them and run the command again:\n\n  sudo apt-get install -y --no-install-recommends %s\n\n' "${missing[*]}" >&2
    exit 1
  fi
  step "Installing Debian packages: ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Where this Node's own headers are.
node_headers() {
  local folder
  folder=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")/include/node
  [ -f "$folder/node_api.h" ] || fail "Node's headers are missing (expected $folder/node_api.h)"
  printf '%s\n' "$folder"
}

# npm packages, with llvm-bindings built against Debian's LLVM 14 and this Node's own headers.
need_node_modules() {
  local stamp=node_modules/.bpfscript-setup bindings=node_modules/llvm-bindings/build/Release/llvm-bindings.node sum
  # The lock file changes with what package.json wants; its scripts are no reason to compile for minutes.
  sum=$(sha256sum package-lock.json scripts/bindings.sh compiler/llvm/bindings/llvm/Config/* | sha256sum)
  if [ -f "$bindings" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ]; then return 0; fi
  step 'Installing npm packages (llvm-bindings is compiled: about two minutes)'
  # Not `npm ci`: it refuses a lock file without the builds for other platforms, which some registries do not have.
  # Without install scripts: the only one that matters is llvm-bindings', which is built below.
  npm install --ignore-scripts --no-save --no-audit --no-fund --loglevel=error >&2
  bash scripts/bindings.sh
  echo "$sum" >"$stamp"
}

# tracefs and bpffs are not mounted everywhere; tracepoints need the former.
mount_filesystems() {
  [ "$(id -u)" = 0 ] || return 0
  if ! mountpoint -q /sys/kernel/tracing && [ -d /sys/kernel/tracing ]; then
    step 'Mounting tracefs on /sys/kernel/tracing'
    mount -t tracefs tracefs /sys/kernel/tracing || true
  fi
  if ! mountpoint -q /sys/fs/bpf && [ -d /sys/fs/bpf ]; then
    mount -t bpf bpf /sys/fs/bpf || true
  fi
}

# Formatting of TypeScript, JSON, C and scripts, and lint; nothing is changed.
check_layout() {
  step 'Formatting and linting'
  node_modules/.bin/biome ci --colors=off .
  clang-format-14 --dry-run -Werror loader/src/*/*.[ch] loader/guest/*.c loader/tests/*.[ch] loader/fuzz/*.[ch] test/workload/*.c bench/c/*.[ch]
  node dist/bpfscript.js fmt --check examples/*.bt stdlib/*.bt
}

# Sets apt_options to what makes apt read one suite alone, of one architecture (amd64), from the mirror that it is
# configured with. Apt's own lists stay as they are.
private_lists() {
  local suite=$1 architecture=${2:-amd64} folder mirror
  folder=$root/.cache/apt/$suite
  [ "$architecture" = amd64 ] || folder=$folder-$architecture
  # Updates for security come from a mirror of their own.
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 'Component: main' |
    awk -v suite="$suite" '$2 == suite { own = $1 } $2 == "bookworm" { main = $1 } END { print own ? own : main }')
  if [ -z "$mirror" ]; then return 1; fi
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$folder/sources.list"
  apt_options=(-o "Dir::Etc::sourcelist=$folder/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$folder/lists"
    -o "Dir::Cache=$folder/cache" -o APT::Sandbox::User=root)
  [ "$architecture" = amd64 ] ||
    apt_options+=(-o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture" -o Dir::State::status=/dev/null)
  apt-get "${apt_options[@]}" update -qq
}
