#!/usr/bin/env bash
# Builds the back end (compiler/llvm/backend), an addon of Node over a static LLVM 14. Does nothing when it is up
# to date.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source=compiler/llvm/backend
output=$source/build/backend.node

llvm_config=${LLVM_CONFIG:-$(command -v llvm-config-14 || true)}
[ -n "$llvm_config" ] || fail 'llvm-config-14 is missing: install llvm-14-dev'
node_prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
headers=$node_prefix/include/node
[ -f "$headers/node_api.h" ] || fail "Node's headers are missing (expected $headers/node_api.h)"

up_to_date() {
  local file
  [ -f "$output" ] || return 1
  for file in "$source"/*.cpp "$source"/*.h "$source"/exports.map scripts/build-backend.sh "$headers/node_version.h"; do
    [ "$output" -nt "$file" ] || return 1
  done
}
if up_to_date; then exit 0; fi

step 'Building the LLVM back end'
mkdir -p "$source/build"
# The list of libraries is for a static link; libxml2 and libz3 are needed by parts that are not linked.
read -ra libraries <<<"$("$llvm_config" --link-static --libs bpf passes irreader | tr '\n' ' ')"
${CXX:-g++} -std=c++17 -O2 -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections \
  -Wall -Wextra -Werror -Wno-unused-parameter \
  -isystem "$("$llvm_config" --includedir)" -isystem "$headers" -DNAPI_VERSION=8 \
  -shared -o "$output.new" "$source"/*.cpp \
  -Wl,--gc-sections -Wl,--as-needed -Wl,--exclude-libs,ALL -Wl,-Bsymbolic \
  -Wl,--version-script="$source/exports.map" -static-libstdc++ -static-libgcc -s \
  -L"$("$llvm_config" --libdir)" "${libraries[@]}" -lz -ltinfo -lpthread -ldl -lm
mv "$output.new" "$output"
