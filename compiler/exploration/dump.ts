/**
 * What `bpfload --dump` writes (docs/dump.schema.json): what a kernel made of the programs of an object. It comes from a
 * host, and nothing in it is believed.
 */
import {
  countIn,
  countOf,
  documentIn,
  listIn,
  objectIn,
  textIn,
} from '../../linker/inspect/checked-json.ts';
import type { Json } from '../../linker/inspect/json.ts';

export interface Dump {
  readonly loader: string;
  /** The name of the script that the object was built from. */
  readonly script: string;
  /** `uname -r` and `uname -m`. */
  readonly release: string;
  readonly machine: string;
  /** Settings of the kernel that decide about native code, by their names; those that could be read. */
  readonly settings: ReadonlyMap<string, number>;
  /** Names of maps in the object, by the numbers that the kernel gave them. */
  readonly maps: ReadonlyMap<number, string>;
  readonly programs: readonly DumpedProgram[];
  /** Programs that it has no more room for. */
  readonly leftOut: number;
  /** What numbers of helpers in translated calls are counted from; undefined: the host hides it. */
  readonly callBase: bigint | undefined;
  /** Names of functions of the kernel, by address. */
  readonly symbols: ReadonlyMap<bigint, string>;
  /** As `bpfload -d verifier` prints it. */
  readonly verifier: string;
}

export interface DumpedProgram {
  readonly name: string;
  readonly tag: string;
  /** Instructions that the verifier walked through, each as often as it did; undefined before Linux 5.16. */
  readonly verified: number | undefined;
  /** Bytes; undefined: the host hides them. */
  readonly translated: Uint8Array | undefined;
  /** Bytes of all functions, one behind the other; none where the kernel interprets; undefined: the host hides them. */
  readonly native: Uint8Array | undefined;
  readonly functions: readonly DumpedFunction[];
  readonly lines: readonly DumpedLine[];
}

export interface DumpedFunction {
  readonly name: string;
  /** Its first one, in translated instructions of 8 bytes. */
  readonly instruction: number;
  /** Of its native code; undefined: the host hides it. */
  readonly address: bigint | undefined;
  /** Bytes of it. */
  readonly size: number;
}

/** From that instruction on, code is of that line. */
export interface DumpedLine {
  readonly instruction: number;
  /** In native bytes. */
  readonly native: number | undefined;
  /** Without its folder. */
  readonly file: string;
  /** From 1; 0: none. */
  readonly line: number;
  readonly text: string;
}

/** Throws an Error that says why a text is no dump. */
export function parseDump(text: string): Dump {
  const dump = documentIn(text, 'dump', 'dump of bpfload');
  const kernel = objectIn(dump.kernel, 'kernel');
  return {
    loader: textIn(dump, 'loader'),
    script: textIn(dump, 'script'),
    release: textIn(kernel, 'release'),
    machine: textIn(kernel, 'machine'),
    settings: new Map(
      Object.entries(objectIn(dump.settings, 'settings')).map(([name, each]) => [
        name,
        countOf(each, 'settings'),
      ]),
    ),
    maps: new Map(listIn(dump, 'maps').map((map) => [countIn(map, 'id'), textIn(map, 'name')])),
    programs: listIn(dump, 'programs').map(programIn),
    leftOut: dump.left_out === undefined ? 0 : countIn(dump, 'left_out'),
    callBase: dump.call_base === undefined ? undefined : addressIn(dump, 'call_base'),
    symbols: new Map(
      listIn(dump, 'symbols').map((symbol) => [
        addressIn(symbol, 'address'),
        textIn(symbol, 'name'),
      ]),
    ),
    verifier: textIn(dump, 'verifier'),
  };
}

function programIn(program: Json): DumpedProgram {
  return {
    name: textIn(program, 'name'),
    tag: textIn(program, 'tag'),
    verified: program.verified === undefined ? undefined : countIn(program, 'verified'),
    translated: bytesIn(program, 'translated'),
    native: bytesIn(program, 'native'),
    functions: listIn(program, 'functions').map((each) => ({
      name: textIn(each, 'name'),
      instruction: countIn(each, 'instruction'),
      address: each.address === undefined ? undefined : addressIn(each, 'address'),
      size: countIn(each, 'size'),
    })),
    lines: listIn(program, 'lines').map((each) => ({
      instruction: countIn(each, 'instruction'),
      native: each.native === undefined ? undefined : countIn(each, 'native'),
      file: textIn(each, 'file'),
      line: countIn(each, 'line'),
      text: textIn(each, 'text'),
    })),
  };
}

function addressIn(fields: Json, name: string): bigint {
  const value = textIn(fields, name);
  if (!/^[0-9a-f]{1,16}$/.test(value)) throw new Error(`${name} is no address`);
  return BigInt(`0x${value}`);
}

function bytesIn(fields: Json, name: string): Uint8Array | undefined {
  if (fields[name] === null) return undefined;
  const value = textIn(fields, name);
  if (value.length % 2 !== 0 || /[^0-9a-f]/.test(value)) throw new Error(`${name} is no code`);
  return Buffer.from(value, 'hex');
}
