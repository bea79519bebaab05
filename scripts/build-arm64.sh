#!/usr/bin/env bash
# Builds the loader for arm64 on this machine: loader/build-arm64/bpfload. The libraries come from Debian's arm64
# packages, which are unpacked under .cache/arm64, not installed. With `backend`, what the compiler has of native code
# too: compiler/llvm/backend/build-arm64, over LLVM's own arm64 libraries (a download of 25 MB, 350 MB unpacked; five
# minutes of compiling).
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
packages=$root/.cache/arm64
llvm=$root/.cache/arm64-llvm

# Debian's packages for arm64, unpacked in a folder.
unpack() {
  local into=$1
  shift
  private_lists bookworm arm64 || fail "the package lists of bookworm for arm64 cannot be read"
  rm -rf "$into.new"
  mkdir -p "$into.new/debs"
  (
    cd "$into.new/debs"
    apt-get "${apt_options[@]}" download -qq "$@"
    for package in *.deb; do
      dpkg -x "$package" ../unpacked
      dpkg-deb -f "$package" Package Version Source | awk '{ print $2 }' | paste -s -d' ' >>../versions
    done
  )
}

loader() {
  need_packages "${arm64_packages[@]}"
  if [ ! -f "$packages/versions" ] || [ ! -f "$packages/lib/libsodium.a" ]; then
    step "Fetching the loader's libraries for arm64"
    unpack "$packages" libbpf-dev libelf-dev zlib1g-dev libiberty-dev libsodium-dev
    rm -rf "$packages"
    mkdir -p "$packages"
    cp -r "$packages.new/unpacked/usr/include" "$packages/include"
    cp -r "$packages.new/unpacked/usr/lib/aarch64-linux-gnu" "$packages/lib"
    # Last, as a mark that all of it is there.
    mv "$packages.new/versions" "$packages/versions"
    rm -rf "$packages.new"
  fi
  make -s -C loader BUILD=build-arm64 CC=aarch64-linux-gnu-gcc PACKAGES="$packages"
}

backend() {
  need_packages "${arm64_packages[@]}" "${arm64_backend_packages[@]}"
  if [ ! -f "$llvm/versions" ]; then
    step 'Fetching LLVM for arm64'
    unpack "$llvm" llvm-14-dev zlib1g-dev
    rm -rf "$llvm"
    mkdir -p "$llvm"
    mv "$llvm.new/unpacked" "$llvm/unpacked"
    mv "$llvm.new/versions" "$llvm/versions"
    rm -rf "$llvm.new"
  fi
  # llvm-bindings' own build asks this machine's Node and LLVM; its sources need no more than these flags.
  step 'Compiling llvm-bindings for arm64'
  make -s -j"$(nproc)" -f scripts/bindings-arm64.mk OBJECTS="$llvm/objects" LLVM_INCLUDE="$llvm/unpacked/usr/lib/llvm-14/include" \
    NODE_INCLUDE="$(node_headers)"
  bash scripts/build-backend.sh arm64
}

[ $# -gt 0 ] || set -- loader
for part; do
  case $part in
    loader | backend) "$part" ;;
    *) fail 'usage: scripts/build-arm64.sh [loader] [backend]' ;;
  esac
done
