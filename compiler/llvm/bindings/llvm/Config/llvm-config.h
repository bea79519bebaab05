/* LLVM's own, without the target of this machine: llvm-bindings names it, and nobody here runs
 * code (scripts/bindings.sh). */
#include_next "llvm/Config/llvm-config.h"
#undef LLVM_NATIVE_TARGET
#undef LLVM_NATIVE_ASMPARSER
#undef LLVM_NATIVE_ASMPRINTER
#undef LLVM_NATIVE_DISASSEMBLER
#undef LLVM_NATIVE_TARGETINFO
#undef LLVM_NATIVE_TARGETMC
#undef LLVM_NATIVE_TARGETMCA
