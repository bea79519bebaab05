#!/usr/bin/env bash
# Builds the back end (compiler/llvm/backend), an addon of Node over a static LLVM 14, and beside it a small one for
# becoming another program. Does nothing when they are up to date.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source=compiler/llvm/backend
outputs=("$source/build/backend.node" "$source/build/process.node")

llvm_config=${LLVM_CONFIG:-$(command -v llvm-config-14 || true)}
[ -n "$llvm_config" ] || fail 'llvm-config-14 is missing: install llvm-14-dev'
node_prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
headers=$node_prefix/include/node
[ -f "$headers/node_api.h" ] || fail "Node's headers are missing (expected $headers/node_api.h)"

up_to_date() {
  local file output
  for output in "${outputs[@]}"; do
    [ -f "$output" ] || return 1
    for file in "$source"/*.cpp "$source"/exports.map scripts/build-backend.sh "$headers/node_version.h"; do
      [ "$output" -nt "$file" ] || return 1
    done
  done
}
if up_to_date; then exit 0; fi

step 'Building the LLVM back end'
mkdir -p "$source/build"
# An addon of one source, with the libraries behind it.
addon() {
  local name=$1
  shift
  ${CXX:-g++} -std=c++17 -O2 -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections \
    -Wall -Wextra -Werror -Wno-unused-parameter \
    -isystem "$("$llvm_config" --includedir)" -isystem "$headers" -DNAPI_VERSION=8 \
    -shared -o "$source/build/$name.new" "$source/$name.cpp" \
    -Wl,--gc-sections -Wl,--as-needed -Wl,--exclude-libs,ALL -Wl,-Bsymbolic \
    -Wl,--version-script="$source/exports.map" -static-libstdc++ -static-libgcc -s "$@"
  mv "$source/build/$name.new" "$source/build/$name.node"
}
addon process
# The list of libraries is for a static link; libxml2 and libz3 are needed by parts that are not linked.
read -ra libraries <<<"$("$llvm_config" --link-static --libs bpf passes irreader | tr '\n' ' ')"
addon backend -L"$("$llvm_config" --libdir)" "${libraries[@]}" -lz -ltinfo -lpthread -ldl -lm
