#!/usr/bin/env bash
# Compiles llvm-bindings against Debian's LLVM 14 and this Node's own headers: called by set-up.
#
# As its package says it, the library has every target of LLVM, for which nobody asks here, and exports every symbol:
# 110 MB, and 80 ms to open. With the targets of compiler/llvm/bindings, and what nobody calls left out, it is 18 MB and
# opens in 17 ms.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
node_prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
[ -f "$node_prefix/include/node/node_api.h" ] || fail "Node's headers are not beside $node_prefix/bin/node (expected $node_prefix/include/node)"

export npm_config_nodedir=$node_prefix
# -iquote is searched before -I, and LLVM's own headers include these in quotes.
export CXXFLAGS="-iquote $root/compiler/llvm/bindings ${CXXFLAGS:-}"
export LDFLAGS="-Wl,--gc-sections -Wl,--as-needed -Wl,--exclude-libs,ALL -Wl,-Bsymbolic \
  -Wl,--version-script=$root/compiler/llvm/backend/exports.map -s ${LDFLAGS:-}"
cd node_modules/llvm-bindings
rm -rf build
npx cmake-js compile >&2
