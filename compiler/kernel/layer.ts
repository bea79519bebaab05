/** A kernel description with other types before its own. */
import { type KernelDescription, type KernelTypes, ownTypes } from './types.ts';

export function withTypes(kernel: KernelDescription, types: KernelTypes): KernelDescription {
  return {
    release: kernel.release,
    arch: kernel.arch,
    types,
    kernelTypes: ownTypes(kernel),
    matchTracepoints: (category, event) => kernel.matchTracepoints(category, event),
    matchFunctions: (pattern) => kernel.matchFunctions(pattern),
    tracepoint: (category, event) => kernel.tracepoint(category, event),
    rawTracepoint: (event) => kernel.rawTracepoint(event),
    function: (name, module) => kernel.function(name, module),
    ...(kernel.functionModules
      ? { functionModules: (name) => kernel.functionModules?.(name) ?? [] }
      : {}),
    percpuVariable: (name) => kernel.percpuVariable(name),
    matchTypedFunctions: (pattern) => kernel.matchTypedFunctions(pattern),
    // Read when somebody asks: it is large.
    get btf() {
      return kernel.btf;
    },
  };
}
