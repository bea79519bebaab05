/** Structured control flow on basic blocks. */
import type { IrBool, IrBuilder, IrPointer, IrValue } from './ir.ts';
import { asBool, asPointer, asValue, type RegisterKind, raw } from './operands.ts';
import type { Block, BodyWriter } from './writer.ts';

export interface ControlFlow {
  readonly statements: Pick<IrBuilder, 'if_' | 'ifValue' | 'ifBool' | 'ifPointer' | 'while_'>;
  reachable(): boolean;
  /** See FunctionBuilder. */
  once(name: string, make: () => IrValue): IrValue;
  /** Ends the block by `terminate`; what is built until the end of the enclosing arm is dead code. */
  leave(terminate: () => void): void;
}

const TYPES: Readonly<Record<RegisterKind, string>> = { value: 'i64', pointer: 'ptr', bool: 'i1' };
/** Of what is never reached. */
const NOTHING: Readonly<Record<RegisterKind, string>> = {
  value: '0',
  pointer: 'null',
  bool: 'false',
};

/**
 * While code is unreachable a block without predecessors takes what is built, so that callers need not care;
 * the optimiser drops it.
 */
export function createControlFlow(body: BodyWriter): ControlFlow {
  let reachable = true;
  /** Values of `once`: those of the function, and of each arm that is being built. */
  const known: Map<string, IrValue>[] = [new Map()];
  const within = <T>(write: () => T): T => {
    known.push(new Map());
    const result = write();
    known.pop();
    return result;
  };
  const once = (name: string, make: () => IrValue): IrValue => {
    for (const values of known) {
      const found = values.get(name);
      if (found !== undefined) return found;
    }
    const made = make();
    known.at(-1)?.set(name, made);
    return made;
  };
  const { block } = body;
  const jump = (target: Block): void => body.jump(target);
  const jumpIf = (condition: IrBool, yes: Block, no: Block): void =>
    body.branch(raw(condition), yes, no);

  const leave = (terminate: () => void): void => {
    terminate();
    body.enter(block('dead'));
    reachable = false;
  };
  /** Ends an arm: goes to `target` if its end can be reached. */
  const goto = (target: Block): void => {
    if (reachable) jump(target);
    else body.effect('unreachable');
  };

  /** Builds an arm from the start of `from`; gives its value and the block it ends in, if its end is reached. */
  const arm = <T>(from: Block, merge: Block, before: boolean, write: () => T) => {
    body.enter(from);
    reachable = before;
    const value = within(write);
    const end = body.current;
    goto(merge);
    return reachable ? { value, end } : undefined;
  };

  const branch = <T>(condition: IrBool, then: () => T, otherwise: () => T) => {
    const [first, second, merge] = [block('then'), block('else'), block('end')];
    const before = reachable;
    jumpIf(condition, first, second);
    const left = arm(first, merge, before, then);
    const right = arm(second, merge, before, otherwise);
    body.enter(merge);
    reachable = left !== undefined || right !== undefined;
    return { left, right };
  };

  const merged = (
    kind: RegisterKind,
    condition: IrBool,
    then: () => string,
    otherwise: () => string,
  ): string => {
    const { left, right } = branch(condition, then, otherwise);
    if (!left || !right) return (left ?? right)?.value ?? NOTHING[kind];
    const incoming = [left, right].map(({ value, end }) => ({ value, from: end }));
    return body.phi(kind, TYPES[kind], incoming);
  };

  return {
    reachable: () => reachable,
    once,
    leave,
    statements: {
      if_: (condition, then, otherwise) => {
        branch(condition, then, otherwise ?? (() => undefined));
      },
      ifValue: (condition: IrBool, then: () => IrValue, otherwise: () => IrValue) =>
        asValue(
          merged(
            'value',
            condition,
            () => raw(then()),
            () => raw(otherwise()),
          ),
        ),
      ifBool: (condition: IrBool, then: () => IrBool, otherwise: () => IrBool) =>
        asBool(
          merged(
            'bool',
            condition,
            () => raw(then()),
            () => raw(otherwise()),
          ),
        ),
      ifPointer: (condition: IrBool, then: () => IrPointer, otherwise: () => IrPointer) =>
        asPointer(
          merged(
            'pointer',
            condition,
            () => raw(then()),
            () => raw(otherwise()),
          ),
        ),
      while_: (condition, write) => {
        const [head, inside, end] = [block('while'), block('do'), block('done')];
        const before = reachable;
        jump(head);
        body.enter(head);
        within(() => {
          jumpIf(condition(), inside, end);
          body.enter(inside);
          write({
            break_: () => leave(() => jump(end)),
            continue_: () => leave(() => jump(head)),
          });
        });
        goto(head);
        body.enter(end);
        reachable = before;
      },
    },
  };
}
