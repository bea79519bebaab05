/**
 * The text of one function's body: blocks in the order in which they were made, each filled when it is its turn. Calls
 * of llvm-bindings cost ten times as much for each instruction as writing it and having LLVM read it.
 */
import { REGISTER, type RegisterKind } from './operands.ts';

export interface Block {
  readonly label: string;
}

export interface BodyWriter {
  block(name: string): Block;
  /** What is written from now on goes to the end of this block. */
  enter(block: Block): void;
  readonly current: Block;
  /** An instruction without result. */
  effect(instruction: string): void;
  /** An instruction; gives the register of its result. */
  register(kind: RegisterKind, instruction: string): string;
  /** The metadata that the instructions have which follow: `!dbg` of a place in the script. */
  setPlace(metadata: string): void;
  text(): string;
}

interface Lines extends Block {
  readonly lines: string[];
}

export function createBodyWriter(): BodyWriter {
  const blocks: Lines[] = [];
  let current: Lines = { label: '', lines: [] };
  let suffix = '';
  let registers = 0;
  return {
    block(name) {
      const made = { label: blocks.length < 2 ? name : `${name}${blocks.length}`, lines: [] };
      blocks.push(made);
      return made;
    },
    enter(block) {
      current = block as Lines;
    },
    get current() {
      return current;
    },
    effect(instruction) {
      current.lines.push(instruction + suffix);
    },
    register(kind, instruction) {
      registers += 1;
      const name = `%${REGISTER[kind]}${registers}`;
      current.lines.push(`${name} = ${instruction}${suffix}`);
      return name;
    },
    setPlace(metadata) {
      suffix = `, !dbg ${metadata}`;
    },
    text: () => blocks.map(({ label, lines }) => `${label}:\n  ${lines.join('\n  ')}\n`).join('\n'),
  };
}
