/**
 * The text of one function's body: blocks in the order in which they were made, each filled when it is its turn. Calls
 * of llvm-bindings cost ten times as much for each instruction as writing it and having LLVM read it; so blocks that only
 * go on to another are left out.
 */
import { REGISTER, type RegisterKind } from './operands.ts';

export interface Block {
  readonly label: string;
}

/** What a phi takes of a block that goes on to it. */
export interface Incoming {
  readonly value: string;
  readonly from: Block;
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
  /** The value of the block that it was come from; gives the register of its result. */
  phi(kind: RegisterKind, type: string, incoming: readonly Incoming[]): string;
  /** Ends the block. */
  jump(to: Block): void;
  /** The same by an i1. */
  branch(condition: string, yes: Block, no: Block): void;
  /** The metadata that the instructions have which follow: `!dbg` of a place in the script. */
  setPlace(metadata: string): void;
  text(): string;
}

interface Lines extends Block {
  /** Text, or what is text once all blocks are there. */
  readonly lines: (string | (() => string))[];
  exit: Exit | undefined;
  /** A phi takes a value of it. */
  joined: boolean;
}

interface Exit {
  readonly condition?: string;
  targets: readonly Lines[];
  readonly suffix: string;
}

export function createBodyWriter(): BodyWriter {
  const blocks: Lines[] = [];
  const made = (label: string): Lines => ({ label, lines: [], exit: undefined, joined: false });
  let current = made('');
  let suffix = '';
  let registers = 0;
  /** Blocks that were left out, and those that phis name instead. */
  const instead = new Map<Block, Block>();
  const define = (kind: RegisterKind, line: (name: string) => string | (() => string)): string => {
    registers += 1;
    const name = `%${REGISTER[kind]}${registers}`;
    current.lines.push(line(name));
    return name;
  };
  const end = (targets: readonly Block[], condition?: string): void => {
    const exit = { targets: targets as readonly Lines[], suffix };
    current.exit = condition === undefined ? exit : { ...exit, condition };
  };
  return {
    block(name) {
      const block = made(blocks.length < 2 ? name : `${name}${blocks.length}`);
      blocks.push(block);
      return block;
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
    register: (kind, instruction) => define(kind, (name) => `${name} = ${instruction}${suffix}`),
    phi(kind, type, incoming) {
      for (const { from } of incoming) (from as Lines).joined = true;
      const behind = suffix;
      return define(kind, (name) => () => {
        const all = incoming.map(
          ({ value, from }) => `[ ${value}, %${(instead.get(from) ?? from).label} ]`,
        );
        return `${name} = phi ${type} ${all.join(', ')}${behind}`;
      });
    },
    jump: (to) => end([to]),
    branch: (condition, yes, no) => end([yes, no], condition),
    setPlace(metadata) {
      suffix = `, !dbg ${metadata}`;
    },
    text() {
      const kept = withoutDetours(blocks, instead);
      return kept.map((block) => `${block.label}:\n  ${linesOf(block).join('\n  ')}\n`).join('\n');
    },
  };
}

function linesOf({ lines, exit }: Lines): readonly string[] {
  const all = lines.map((line) => (typeof line === 'string' ? line : line()));
  if (!exit) return all;
  const [first, second] = exit.targets.map(({ label }) => `label %${label}`);
  return [
    ...all,
    exit.condition === undefined
      ? `br ${first}${exit.suffix}`
      : `br i1 ${exit.condition}, ${first}, ${second}${exit.suffix}`,
  ];
}

/** The blocks that are come to. `instead` gets those that phis are to name for blocks that are no more. */
function withoutDetours(blocks: readonly Lines[], instead: Map<Block, Block>): readonly Lines[] {
  const timesCome = new Map<Lines, number>();
  for (const { exit } of blocks) {
    if (!exit) continue;
    exit.targets = exit.targets.map(behindDetours);
    for (const target of exit.targets) timesCome.set(target, (timesCome.get(target) ?? 0) + 1);
  }
  for (const block of blocks) {
    const { exit } = block;
    if (exit?.condition === undefined) continue;
    for (const arm of exit.targets) {
      const to = isEmpty(arm) && timesCome.get(arm) === 1 ? arm.exit?.targets[0] : undefined;
      // The phi tells arms from each other by the block that it was come from.
      if (!to || exit.targets.includes(to)) continue;
      exit.targets = exit.targets.map((target) => (target === arm ? to : target));
      instead.set(arm, block);
    }
  }
  const reached = new Set<Lines>(blocks.slice(0, 1));
  for (const { exit } of reached) for (const target of exit?.targets ?? []) reached.add(target);
  return blocks.filter((block) => reached.has(block));
}

function behindDetours(target: Lines): Lines {
  let to = target;
  while (isEmpty(to) && !to.joined && to.exit?.targets[0]) to = to.exit.targets[0];
  return to;
}

/** Whether it only goes on to another. No loop is made of such blocks alone: a condition begins it. */
function isEmpty({ lines, exit }: Lines): boolean {
  return lines.length === 0 && exit !== undefined && exit.condition === undefined;
}
