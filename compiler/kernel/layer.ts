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
    rawTracepoint: (event, module) => kernel.rawTracepoint(event, module),
    function: (name, module) => kernel.function(name, module),
    ...(kernel.modules ? { modules: () => kernel.modules?.() ?? [] } : {}),
    ...(kernel.functionModules
      ? { functionModules: (name) => kernel.functionModules?.(name) ?? [] }
      : {}),
    percpuVariable: (name) => kernel.percpuVariable(name),
    matchTypedFunctions: (pattern, module) => kernel.matchTypedFunctions(pattern, module),
    // Read when somebody asks: it is large.
    get btf() {
      return kernel.btf;
    },
  };
}
