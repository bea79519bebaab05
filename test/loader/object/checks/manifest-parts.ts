/** What tables of manifests are written with. */

export type Json = Readonly<Record<string, unknown>> | readonly unknown[];

export type At = (path: string, value: unknown, reason: string) => void;
export type Many = (reason: string, changes: Readonly<Record<string, unknown>>) => void;

export const MIB = 1 << 20;
/** Bytes of .bss: room for the largest value. */
export const ZEROS = 32 * MIB;
export const LARGEST = 16 * MIB;
export const UINT32_MAX = 0xffff_ffff;

export const INT64 = { kind: 'int', size: 8, signed: true };
export const int = (size: number): Json => ({ kind: 'int', size, signed: false });
export const text = (size: number): Json => ({ kind: 'string', size });
export const tuple = (size: number, ...fields: readonly Json[]): Json => ({
  kind: 'tuple',
  size,
  fields,
});
export const TAKEN = 'program begin is another than it says';
export const PLACE = { line: 1, column: 1, endColumn: 2, text: 0 };
