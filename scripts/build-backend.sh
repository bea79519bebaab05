#!/usr/bin/env bash
# Builds the back end (compiler/llvm/backend), an addon of Node with one static LLVM 14 and llvm-bindings' objects, and
# beside it a small one for becoming another program, and one with LLVM's disassemblers. Does nothing when they are up to
# date. `arm64` builds for that architecture, from what build-arm64.sh has made ready.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source=compiler/llvm/backend
headers=$(node_headers)
case ${1-} in
  '')
    llvm_config=${LLVM_CONFIG:-$(command -v llvm-config-14 || true)}
    [ -n "$llvm_config" ] || fail 'llvm-config-14 is missing: install llvm-14-dev'
    folder=$source/build bindings=node_modules/llvm-bindings/build/CMakeFiles/llvm-bindings.dir
    compiler=${CXX:-g++} objcopy=objcopy include=$("$llvm_config" --includedir) libraries=$("$llvm_config" --libdir)
    search=(-L"$libraries")
    ;;
  arm64)
    llvm=.cache/arm64-llvm
    folder=$source/build-arm64 bindings=$llvm/objects
    compiler=aarch64-linux-gnu-g++ objcopy=aarch64-linux-gnu-objcopy include=$llvm/unpacked/usr/lib/llvm-14/include
    llvm_config=${LLVM_CONFIG:-llvm-config-14}
    search=(-L"$llvm/unpacked/usr/lib/llvm-14/lib" -L"$llvm/unpacked/usr/lib/aarch64-linux-gnu")
    ;;
  *) fail 'usage: scripts/build-backend.sh [arm64]' ;;
esac
entry=$bindings/src/llvm-bindings.cpp.o
[ -f "$entry" ] || fail "llvm-bindings is not compiled (no $entry): npm run setup"
outputs=("$folder/backend.node" "$folder/process.node" "$folder/disassembler.node")

up_to_date() {
  local file output
  for output in "${outputs[@]}"; do
    [ -f "$output" ] || return 1
    for file in "$source"/*.cpp "$source"/*.h "$source"/exports.map scripts/build-backend.sh "$entry" "$headers/node_version.h"; do
      [ "$output" -nt "$file" ] || return 1
    done
  done
}
if up_to_date; then exit 0; fi

step 'Building the LLVM back end'
mkdir -p "$folder"
# An addon of its sources, with the objects and libraries behind them.
addon() {
  local name=$1
  shift
  "$compiler" -std=c++17 -O2 -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections \
    -Wall -Wextra -Werror -Wno-unused-parameter \
    -isystem "$include" -isystem "$headers" -DNAPI_VERSION=8 \
    -isystem node_modules/llvm-bindings/include -isystem node_modules/node-addon-api \
    -shared -o "$folder/$name.new" "$source/$name.cpp" \
    -Wl,--gc-sections -Wl,--as-needed -Wl,--exclude-libs,ALL -Wl,-Bsymbolic -Wl,--build-id=none \
    -Wl,--version-script="$source/exports.map" -static-libstdc++ -static-libgcc -s "$@"
  mv "$folder/$name.new" "$folder/$name.node"
}
addon process
# Of the machines that kernels translate BPF for, not of the one that this runs on.
read -ra components <<<"$("$llvm_config" --link-static --libs x86disassembler x86desc aarch64disassembler aarch64desc | tr '\n' ' ')"
addon disassembler "$source/no-terminal.cpp" "${search[@]}" "${components[@]}" \
  -Wl,-Bstatic -lz -Wl,-Bdynamic -lpthread -ldl -lm
# An addon has one entry: that of llvm-bindings becomes a function that ours calls.
"$objcopy" --redefine-sym napi_register_module_v1=registerLlvmBindings \
  --redefine-sym node_api_module_get_api_version_v1=apiVersionOfLlvmBindings "$entry" "$folder/entry.o"
mapfile -t objects < <(find "$bindings" -name '*.o' ! -path "$entry" | sort)
# The list is for a static link; libxml2 and libz3 are needed by parts that are not linked.
read -ra components <<<"$("$llvm_config" --link-static --libs bpf passes irreader linker bitwriter | tr '\n' ' ')"
addon backend "$source/far-jumps.cpp" "$source/islands.cpp" "$source/measure.cpp" "$source/memory.cpp" "$source/scheduling.cpp" "$source/workers.cpp" "$source/no-terminal.cpp" "$folder/entry.o" "${objects[@]}" "${search[@]}" "${components[@]}" \
  -Wl,-Bstatic -lz -Wl,-Bdynamic -lpthread -ldl -lm
rm "$folder/entry.o"
