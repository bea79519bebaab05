/** What the linker is told of things that BTF describes. */
import type { TypeDescription } from './types.ts';

export type FunctionDefinition =
  /**
   * `program`: int f(void *ctx), global. `loop-callback`: long f(u32 index, void *frame), static.
   * `map-callback`: long f(void *map, void *key, void *value, void *frame), static.
   */
  | {
      readonly symbol: string;
      readonly role: 'program' | 'loop-callback' | 'map-callback';
    }
  /** Static. Without a type, a parameter is a `void *`, and the result a register of 64 bits. */
  | {
      readonly symbol: string;
      readonly role: 'subprogram';
      readonly parameters: readonly {
        readonly name: string;
        readonly type: TypeDescription | undefined;
      }[];
      readonly returns: TypeDescription | undefined;
    };

/** A BTF-defined map; its symbol is a variable in section `.maps`. */
export interface MapDefinition {
  readonly symbol: string;
  /** BPF_MAP_TYPE_*. */
  readonly type: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** undefined for ring buffers. */
  readonly key: TypeDescription | undefined;
  readonly value: TypeDescription | undefined;
  /** The loader makes values smaller: only their sizes are told, since the kernel holds a type to its size. */
  readonly sizedAtLoad?: boolean;
}

export interface VariableDefinition {
  readonly symbol: string;
  readonly section: '.bss' | '.rodata';
  readonly type: TypeDescription;
}

/** What libbpf finds in the running kernel: an undefined symbol, and BTF in DATASEC `.ksyms`. */
export type KernelSymbol =
  /** `type` is an id in the kernel's BTF. Where the running kernel has none, loading fails. */
  | { readonly kind: 'variable'; readonly symbol: string; readonly type: number }
  /** A weak one: where the kernel has none, a call of it must not be reached. */
  | {
      readonly kind: 'function';
      readonly symbol: string;
      readonly parameters: readonly { readonly name: string; readonly type: TypeDescription }[];
      readonly returns: TypeDescription;
    };

/** An instruction whose number depends on the kernel: libbpf patches it, by CO-RE. `value` stands in the object. */
export interface CoreSite {
  readonly kind: 'core';
  readonly relocation:
    | 'byte-offset'
    | 'byte-size'
    | 'exists'
    | 'signed'
    | 'lshift'
    | 'rshift'
    /** Of the struct itself: no `indexes`. */
    | 'type-size'
    /** Of the enumerator `indexes[0]` of the enum `struct`. */
    | 'enum-value';
  /** Id in the kernel's BTF. */
  readonly struct: number;
  /** The way to a member, from the struct through those that it contains and through arrays. */
  readonly indexes: readonly number[];
  readonly value: number;
  /** The program follows the pointer that is there, and takes what it leads to for what the kernel description says. */
  readonly follows?: true;
}

/**
 * A fact about a type that is described by its name alone, because the script declares it (a flavour, `struct x___old`),
 * or because no description has it. `value` is what the local type made of it says.
 */
export interface NamedSite {
  readonly kind: 'named';
  readonly relocation:
    | 'byte-offset'
    | 'byte-size'
    | 'exists'
    | 'signed'
    | 'lshift'
    | 'rshift'
    | 'type-exists'
    | 'enum-value-exists';
  readonly root: { readonly kind: 'struct' | 'union' | 'enum'; readonly name: string };
  /** Members by name and elements by number, from the root; of an enum the enumerator; empty: the root itself. */
  readonly path: readonly (string | number)[];
  /** What the path leads to. */
  readonly leaf: TypeDescription;
  /** Of a bit field. */
  readonly bits?: number;
  readonly value: number;
}
