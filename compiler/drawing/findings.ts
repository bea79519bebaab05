/** What a script found, read of any form of output: what pictures are made of. */

/** `part`: no function, but what a key has besides its stacks. */
export const FRAME_KINDS = ['user', 'kernel', 'jit', 'inlined', 'part'] as const;
export type FrameKind = (typeof FRAME_KINDS)[number];

export interface Frame {
  readonly name: string;
  readonly kind: FrameKind;
}

/** Frames, the outermost first, and how often they were seen. */
export interface Stack {
  readonly frames: readonly Frame[];
  readonly count: number;
  /** Of the input, from 1. */
  readonly line: number;
}

/** Both bounds belong to the bucket; the outermost may lack one. */
export interface Bucket {
  readonly low?: number;
  readonly high?: number;
  readonly count: number;
}

/** A number, and how it was written: what a double cannot hold is shown as it is. */
export interface Amount {
  readonly value: number;
  readonly text: string;
}

export interface Point extends Amount {
  /** The interval's beginning. */
  readonly at: string;
}

export type Value =
  | { readonly kind: 'amount'; readonly amount: Amount }
  | { readonly kind: 'buckets'; readonly buckets: readonly Bucket[] }
  | { readonly kind: 'points'; readonly points: readonly Point[] };

export interface Row {
  readonly key: string;
  readonly value: Value;
}

/** A map as it was printed once. */
export interface Print {
  /** Boot clock, in ns; absent where the input does not say. */
  readonly time?: number;
  readonly stacks: readonly Stack[];
  readonly rows: readonly Row[];
}

export interface FoundMap {
  /** With its `@`; empty for folded stacks, which have no names. */
  readonly name: string;
  readonly prints: readonly Print[];
}

/** A member of a record that a script printed: text, or a whole number of any size. */
export type Member = string | bigint;

/** A record that a script printed. */
export interface Occurrence {
  readonly members: ReadonlyMap<string, Member>;
  /** Of the input, from 1. */
  readonly line: number;
}

/** Both clocks at one moment, in ns. */
export interface Clocks {
  readonly boot: bigint;
  readonly wall: bigint;
}

export interface Findings {
  /** The name of the script, where the input says it. */
  readonly script?: string;
  readonly maps: readonly FoundMap[];
  /** Of JSON alone. */
  readonly occurrences?: readonly Occurrence[];
  readonly clocks?: Clocks;
}

/** Why an input cannot be drawn, and where. */
export interface Problem {
  readonly problem: string;
  /** From 1; absent: the whole input. */
  readonly line?: number;
}

export function isProblem(value: object): value is Problem {
  return 'problem' in value;
}

/** More frames than the kernel captures (1,024 of each kind) and a script can add to them. */
export const MOST_FRAMES = 4096;

/** Gathers what readers find, in the order in which maps were first printed. */
export interface Gathering {
  /** Begins a print of a map. */
  begin(name: string, time?: number): void;
  stack(stack: Stack): void;
  row(row: Row): void;
  maps(): readonly FoundMap[];
}

interface Growing {
  readonly time?: number;
  readonly stacks: Stack[];
  readonly rows: Row[];
}

export function gather(): Gathering {
  const maps = new Map<string, Growing[]>();
  let current: Growing = { stacks: [], rows: [] };
  return {
    begin(name, time) {
      current = { stacks: [], rows: [], ...(time === undefined ? {} : { time }) };
      const prints = maps.get(name);
      if (prints) prints.push(current);
      else maps.set(name, [current]);
    },
    stack: (stack) => void current.stacks.push(stack),
    row: (row) => void current.rows.push(row),
    maps: () => [...maps].map(([name, prints]) => ({ name, prints })),
  };
}

const DIGITS = /^-?\d{1,20}$/;

/** A whole number from its digits; undefined: it is none. */
export function amountOf(text: string): Amount | undefined {
  return DIGITS.test(text) ? { value: Number(text), text } : undefined;
}
