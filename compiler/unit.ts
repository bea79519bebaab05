/** What the compiler hands to the linker: LLVM's object, and what LLVM does not know about it. */

import type { ImportedObject } from '../linker/imported.ts';
import type { Manifest, ManifestSession } from '../linker/manifest/manifest.ts';
import type { KernelDescription } from './kernel/types.ts';
import type { Sources } from './source/sources.ts';
import type { Type } from './types/type.ts';

export interface CompiledUnit {
  /** Relocatable ELF from LLVM's BPF back end. */
  readonly object: Uint8Array;
  readonly sources: Sources;
  readonly kernel: KernelDescription;
  readonly license: string;
  readonly functions: readonly UnitFunction[];
  /** Objects that the script imports; linked in this order. */
  readonly imports: readonly ImportedObject[];
  readonly maps: readonly UnitMap[];
  readonly globals: readonly UnitGlobal[];
  readonly kernelSymbols: readonly UnitKernelSymbol[];
  /** By the number that the site table (section `.bpfscript.sites` of the object) gives. */
  readonly sites: readonly Site[];
  /** Complete but for fixups and instructions of sessions, which the linker adds from sites, and `.bss`/`.rodata` offsets (see UnitGlobal). */
  readonly manifest: UnitManifest;
}

export type UnlinkedManifest = Omit<Manifest, 'fixups' | 'sessions'> & {
  readonly sessions?: readonly Omit<ManifestSession, 'insn'>[];
};

/**
 * The manifest before linking: places in `.bss` and `.rodata` are symbols, not offsets yet.
 */
export interface UnitManifest {
  /** Builds the manifest once the linker knows where each global stands (symbol -> offset in its section). */
  build(offsetOf: (symbol: string) => number): UnlinkedManifest;
}

export interface UnitFunction {
  readonly symbol: string;
  /**
   * `program`: int f(void *ctx), global. `loop-callback`: long f(u32 index, void *frame), static.
   * `map-callback`: long f(void *map, void *key, void *value, void *frame), static.
   * `subprogram`: as its signature says, static.
   */
  readonly role: 'program' | 'loop-callback' | 'map-callback' | 'subprogram';
  readonly signature?: UnitSignature;
}

/** Of a subprogram; values in memory and what the compiler passes on its own are pointers, without a type. */
export interface UnitSignature {
  readonly parameters: readonly { readonly name: string; readonly type: Type | undefined }[];
  readonly returns: Type | undefined;
}

/** A BTF-defined map; its symbol is a variable in section `.maps`. */
export interface UnitMap {
  readonly symbol: string;
  /** BPF_MAP_TYPE_*. */
  readonly type: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** undefined for ring buffers. */
  readonly key: UnitMapType | undefined;
  readonly value: UnitMapType | undefined;
}

/** A script type, or so many opaque bytes. */
export type UnitMapType =
  | { readonly type: Type }
  | { readonly bytes: number }
  | { readonly int: 4 | 8 };

export interface UnitGlobal {
  readonly symbol: string;
  readonly section: '.bss' | '.rodata';
  readonly type: UnitMapType;
  readonly size: number;
  /** Its value until the loader sets another; zeros without. */
  readonly initial?: Uint8Array;
}

/** What libbpf finds in the running kernel: an undefined symbol, and BTF in DATASEC `.ksyms`. */
export type UnitKernelSymbol =
  /** `type` is an id in the kernel description's BTF. Where the kernel has none, loading fails. */
  | { readonly kind: 'variable'; readonly symbol: string; readonly type: number }
  /** A weak one: where the kernel has none, a call of it must not be reached. */
  | {
      readonly kind: 'function';
      readonly symbol: string;
      readonly parameters: readonly { readonly name: string; readonly type: Type }[];
      readonly returns: Type;
    };

/** What an instruction's number depends on, apart from the compiler. */
export type Site =
  /** CO-RE: libbpf patches it. `struct` and `indexes` as in kernel/types.ts; `value` is the local one. */
  | {
      readonly kind: 'core';
      readonly relocation:
        | 'byte-offset'
        | 'byte-size'
        | 'exists'
        | 'signed'
        | 'lshift'
        | 'rshift'
        /** Of the enumerator `indexes[0]` of the enum `struct`. */
        | 'enum-value';
      readonly struct: number;
      readonly indexes: readonly number[];
      readonly value: number;
    }
  /** In the session program `symbol`: the loader makes it a call of bpf_session_is_return. */
  | { readonly kind: 'session'; readonly symbol: string; readonly value: 0 }
  /** The loader patches it, from the tracefs format of the host. */
  | {
      readonly kind: 'tracepoint';
      readonly category: string;
      readonly event: string;
      readonly field: string;
      readonly size: number;
      readonly value: number;
    };
