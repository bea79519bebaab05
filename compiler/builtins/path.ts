/** path: the name of an open file, from the root of its mount namespace. The literal of its call is its size. */
import type { TypedCall } from '../analysis/typed.ts';
import type { Lowering, Storage } from '../lowering/lowering.ts';
import { kindName, typeName } from '../types/names.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import { isStruct, isStructPointer } from './tracing.ts';
import { argument, intLiteral, typedCall, unavailable } from './use.ts';

const ITERATOR = 'iter';
const PROVIDERS: ReadonlySet<string> = new Set(['fentry', 'fexit', ITERATOR]);

/** Where the helper can take no lock twice (btf_allowlist_d_path, kernel/trace/bpf_trace.c). */
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...['security_file_permission', 'security_inode_getattr', 'security_file_open'],
  ...['security_path_truncate', 'vfs_truncate', 'vfs_fallocate', 'dentry_open', 'vfs_getattr'],
  'filp_close',
]);

/** What the helper gives for a path that does not fit: its end is in the buffer then (fs/d_path.c, prepend). */
const ENAMETOOLONG = -36;

function sizeOf(use: BuiltinUse, scope: AnalysisScope): number | undefined {
  const { maxStrlen } = scope.config;
  const [, given] = use.args;
  if (given === undefined) return maxStrlen;
  const size = scope.intLiteral(given, use);
  if (size === undefined) return undefined;
  if (size < 1n) {
    scope.error(`path() cannot use a size of ${size}`, given.range);
    return undefined;
  }
  if (size <= BigInt(maxStrlen)) return Number(size);
  scope.warning(
    `size param (${size}) is too long and will be shortened to ${maxStrlen} bytes`,
    given.range,
    'Raise max_strlen in the config block.',
  );
  return maxStrlen;
}

function isAllowed(use: BuiltinUse, scope: AnalysisScope): boolean {
  const { function: name } = scope.probe;
  const provider: string = scope.probe.provider;
  if (!PROVIDERS.has(provider)) {
    unavailable(use, scope, 'The kernel gives paths to fentry, fexit and iter probes only.');
    return false;
  }
  if (provider === ITERATOR || (name !== undefined && FUNCTIONS.has(name))) return true;
  scope.error(
    `the kernel does not allow path() in ${name ?? scope.probe.name}`,
    use.range,
    `It does in ${[...FUNCTIONS].join(', ')}.`,
  );
  return false;
}

function lowerInto(call: TypedCall, lowering: Lowering, to: Storage): void {
  const { ir } = lowering;
  const size = Number(intLiteral(call, 0));
  // The helper leaves bytes behind the NUL.
  const buffer = to.padded ? lowering.temporary(size, 8) : to.pointer;
  const length = lowering.typedPointer(
    argument(call, 0),
    (path) => {
      // The verifier wants what stands on the stack to be initialised.
      if (size <= lowering.config.onStackLimit) ir.zero(buffer, size, to.padded ? 8 : to.align);
      return lowering.call('d_path', path, buffer, ir.constant(size));
    },
    () => ir.constant(0),
  );
  const cut = ir.compare('eq', length, ir.constant(ENAMETOOLONG));
  const failed = ir.and(ir.compare('slt', length, ir.constant(1)), ir.not(cut));
  ir.if_(failed, () => ir.store(buffer, 0, 1, ir.constant(0)));
  if (!to.padded) return;
  ir.zero(to.pointer, size, to.align);
  lowering.probeReadString(to.pointer, size, ir.pointerToInt(buffer), 'kernel');
}

export const path: Builtin = {
  name: 'path',
  arity: [1, 2],
  needsProbe: true,
  summary:
    'The path that a struct path (or a pointer to one) stands for. One that does not fit loses its beginning.',
  analyse(use, scope) {
    const [given] = use.args;
    if (given === undefined) return undefined;
    const source = scope.expression(given);
    if (!isStructPointer(source.type, 'path') && !isStruct(source.type, 'path')) {
      const { type } = source;
      const compound = type.kind === 'pointer' || type.kind === 'struct';
      scope.error(
        `path() only supports arguments of type struct path or struct path * (${
          compound ? typeName(type) : kindName(type)
        } provided)`,
        given.range,
      );
      return undefined;
    }
    if (!isAllowed(use, scope)) return undefined;
    const size = sizeOf(use, scope);
    if (size === undefined) return undefined;
    return typedCall(
      'path',
      use,
      { kind: 'string', size },
      { args: [source], literals: [BigInt(size)] },
    );
  },
  lowerInto,
};
