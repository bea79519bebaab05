/** path: the name of an open file, from the root of its mount namespace. */
import type { AnalysisScope, BuiltinUse } from '../analysis/builtin.ts';
import { type Literal, number, optional, value } from '../analysis/parameters.ts';
import type { Lowering, Storage } from '../lowering/lowering.ts';
import { type Builtin, type Call, defineBuiltin, typed } from './builtin.ts';
import { argument, unavailable } from './use.ts';

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

interface Plan {
  /** Bytes of the result. */
  readonly size: number;
}

function sizeOf(given: Literal<bigint> | undefined, scope: AnalysisScope): number {
  const { maxStrlen } = scope.config;
  if (given === undefined) return maxStrlen;
  const { value: size, range } = given;
  if (size <= BigInt(maxStrlen)) return Number(size);
  scope.warning(
    'shortened-text',
    `size param (${size}) is too long and will be shortened to ${maxStrlen} bytes`,
    range,
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
    'probe-kind',
    `the kernel does not allow path() in ${name ?? scope.probe.name}`,
    use.range,
    `It does in ${[...FUNCTIONS].join(', ')}.`,
  );
  return false;
}

function lowerInto(call: Call<Plan>, lowering: Lowering, to: Storage): void {
  const { ir } = lowering;
  const { size } = call.plan;
  // The helper leaves bytes behind the NUL.
  const buffer = to.padded ? lowering.temporary(size) : to.pointer;
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

export const path: Builtin = defineBuiltin({
  name: 'path',
  parameters: { path: value('struct path', 'struct path *'), size: optional(number(1n)) },
  needsProbe: true,
  summary:
    'The path that a struct path (or a pointer to one) stands for. One that does not fit loses its beginning.',
  analyse({ path, size: given }, use, scope) {
    if (!isAllowed(use, scope)) return undefined;
    const size = sizeOf(given, scope);
    return typed({ kind: 'string', size }, { args: [path], plan: { size } });
  },
  lowerInto,
});
