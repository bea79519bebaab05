/** What the linker takes: an object of LLVM's BPF back end, and what LLVM does not know about it. */
import type {
  CoreSite,
  FunctionDefinition,
  KernelSymbol,
  MapDefinition,
  NamedSite,
  VariableDefinition,
} from './btf/definitions.ts';
import type { ImportedObject } from './imported.ts';
import type { Manifest, ManifestSession, ManifestTracepointField } from './manifest/manifest.ts';

export interface LinkInput {
  /** Relocatable ELF, in parts whose code stands in this order; the last one has all variables and maps. */
  readonly objects: readonly Uint8Array[];
  /** What the objects' line numbers count through, one text after the other; the script's is the first. */
  readonly texts: readonly NumberedText[];
  /** BTF of the kernel that sites and kernel symbols are described by; read where there are such. */
  readonly kernelBtf: () => Uint8Array;
  readonly license: string;
  readonly functions: readonly FunctionDefinition[];
  /** Where programs stand, in their order; the objects have no code of those that are copies. All are there without. */
  readonly programs?: readonly ProgramPlace[];
  /** Linked in this order. */
  readonly imports: readonly ImportedObject[];
  readonly maps: readonly MapDefinition[];
  readonly variables: readonly VariableDefinition[];
  readonly kernelSymbols: readonly KernelSymbol[];
  /** By the number that the site table (section `.bpfscript.sites` of the objects) gives. */
  readonly sites: readonly Site[];
  /** Makes the manifest once it is known where each variable stands (symbol -> offset in its section). */
  readonly manifest: (offsetOf: (symbol: string) => number) => UnlinkedManifest;
}

/** All but what the linker adds from sites: fixups, and instructions of sessions. */
export type UnlinkedManifest = Omit<Manifest, 'fixups' | 'sessions'> & {
  readonly sessions?: readonly Omit<ManifestSession, 'insn'>[];
};

/** A program and the section that it stands in. */
export interface ProgramPlace {
  readonly symbol: string;
  readonly section: string;
  readonly copy?: ProgramCopy;
}

/** The code of another program, `of`, which refers to other things of the same form. */
export interface ProgramCopy {
  readonly of: string;
  /** Variables and maps by those that the other has instead. */
  readonly symbols: ReadonlyMap<string, string>;
  /** Numbers of sites likewise. */
  readonly sites: ReadonlyMap<number, number>;
  /** Places in the script: those of the other, and the program's own. */
  readonly places: readonly { readonly from: CopyPlace; readonly to: CopyPlace }[];
}

export interface CopyPlace {
  readonly line: number;
  readonly column: number;
}

export interface NumberedText {
  /** Name of its file; a folder in it belongs to the building machine and is left out. */
  readonly name: string;
  readonly text: string;
}

/** What an instruction's number depends on. `value` is the number that stands in the object. */
export type Site = CoreSite | NamedSite | SessionSite | TracepointSite | ArgumentSite | NumberSite;

/** The linker writes `number`, in which programs that are alike otherwise may differ. */
export interface NumberSite {
  readonly kind: 'number';
  readonly number: number;
  readonly value: 0;
}

/** In the session program `symbol`: the loader makes it a call of bpf_session_is_return. */
export interface SessionSite {
  readonly kind: 'session';
  readonly symbol: string;
  readonly value: 0;
}

/** The loader patches it, from the tracefs format of the host. */
export interface TracepointSite extends ManifestTracepointField {
  readonly kind: 'tracepoint';
  readonly value: number;
}

/** Of the context of a typed program: the loader patches it, from the prototype that the host has for the program. */
export interface ArgumentSite {
  readonly kind: 'argument';
  /** By its name; undefined: the result. */
  readonly parameter: string | undefined;
  /** Id in the kernel's BTF. */
  readonly type: number;
  readonly value: number;
}
