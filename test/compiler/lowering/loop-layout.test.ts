/**
 * Linux 6.1 takes the way back of a loop from jumps only, not from an instruction that runs on into the loop's head
 * (visit_insn, kernel/bpf/verifier.c): the code is walked through as the kernel walks it.
 */
import { describe, expect, it } from 'vitest';
import { STT } from '../../../linker/elf/elf.ts';
import { readElf } from '../../../linker/elf/read.ts';
import { build } from '../../support/build.ts';

const LOAD_NUMBER = 0x18;
const CLASS = { jump: 5, jump32: 6 };
const OPERATION = { always: 0x00, call: 0x80, exit: 0x90 };

interface Step {
  readonly to: number;
  readonly isJump: boolean;
}

/** Where the instruction may lead, in the order in which the kernel follows it. */
function stepsFrom(code: DataView, at: number): readonly Step[] {
  const opcode = code.getUint8(at * 8);
  const kind = opcode & 7;
  const operation = opcode & 0xf0;
  const next = at + (opcode === LOAD_NUMBER ? 2 : 1);
  const isJump = kind === CLASS.jump || kind === CLASS.jump32;
  if (!isJump || operation === OPERATION.call) return [{ to: next, isJump: false }];
  if (operation === OPERATION.exit) return [];
  const offset =
    operation === OPERATION.always && kind === CLASS.jump32
      ? code.getInt32(at * 8 + 4, true)
      : code.getInt16(at * 8 + 2, true);
  const taken = { to: at + 1 + offset, isJump: true };
  return operation === OPERATION.always ? [taken] : [{ to: next, isJump: true }, taken];
}

/** The ways back of a function: how many jump, and how many run on. */
function waysBack(code: DataView): { jumping: number; runningOn: number } {
  const found = { jumping: 0, runningOn: 0 };
  const done = new Set<number>();
  const under = new Set([0]);
  const path = [{ at: 0, steps: [...stepsFrom(code, 0)] }];
  for (let last = path.at(-1); last; last = path.at(-1)) {
    const step = last.steps.shift();
    if (!step) {
      done.add(last.at);
      under.delete(last.at);
      path.pop();
    } else if (under.has(step.to)) {
      if (step.isJump) found.jumping += 1;
      else found.runningOn += 1;
    } else if (!done.has(step.to)) {
      under.add(step.to);
      path.push({ at: step.to, steps: [...stepsFrom(code, step.to)] });
    }
  }
  return found;
}

function waysBackOf(script: string): { jumping: number; runningOn: number } {
  const elf = readElf(build(script));
  const found = { jumping: 0, runningOn: 0 };
  for (const { section, type, value, size } of elf.symbols) {
    if (type !== STT.func) continue;
    const bytes = elf.sections[section]?.data.subarray(value, value + size) ?? new Uint8Array();
    const each = waysBack(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    found.jumping += each.jumping;
    found.runningOn += each.runningOn;
  }
  return found;
}

describe('the ways back of loops are jumps', () => {
  it.each([
    ['while', 'begin { $i = 0; while ($i < 100) { $i++; @[$i] = 1; } }'],
    [
      'while with a jump in it',
      'begin { $i = 0; while (1) { $i++; if ($i > pid) { break; } if ($i & 1) { continue; } @ = $i; } }',
    ],
    [
      'while in while',
      'begin { $i = 0; while ($i < 9) { $j = $i; while ($j < 5) { $j++; if ($j == pid) { continue; } @[$j] = $i; } $i++; } }',
    ],
    [
      'while with the condition at its end',
      'begin { $i = pid; while ($i) { if ($i % 3 == 0) { $i -= 2; } else { $i--; } } print($i); }',
    ],
  ])('of %s', (_what, script) => {
    const { jumping, runningOn } = waysBackOf(script);
    expect(jumping).toBeGreaterThan(0);
    expect(runningOn).toBe(0);
  });
});
