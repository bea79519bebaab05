import type { Type } from './type.ts';

/** What callers of a function have to know. */
export interface FunctionSignature {
  readonly name: string;
  readonly symbol: string;
  /** Comes from an imported object. */
  readonly linked: boolean;
  readonly parameters: readonly { readonly name: string; readonly type: Type }[];
  readonly returns: Type;
}
