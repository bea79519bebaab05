/** Structured control flow on basic blocks. */
import type llvm from 'llvm-bindings';
import { asBool, asPointer, asValue, type Native, raw } from './binding.ts';
import type { IrBool, IrBuilder, IrPointer, IrValue } from './ir.ts';

export interface ControlFlow {
  readonly statements: Pick<IrBuilder, 'if_' | 'ifValue' | 'ifBool' | 'ifPointer' | 'while_'>;
  reachable(): boolean;
  /** Ends the block by `terminate`; what is built until the end of the enclosing arm is dead code. */
  leave(terminate: () => void): void;
}

/**
 * While code is unreachable a block without predecessors takes what is built, so that callers need not care;
 * the optimiser drops it.
 */
export function createControlFlow(
  native: Native,
  ir: llvm.IRBuilder,
  parent: llvm.Function,
): ControlFlow {
  let reachable = true;
  const block = (name: string) => native.llvm.BasicBlock.Create(native.context, name, parent);

  const leave = (terminate: () => void): void => {
    terminate();
    ir.SetInsertPoint(block('dead'));
    reachable = false;
  };
  /** Ends an arm: goes to `target` if its end can be reached. */
  const goto = (target: llvm.BasicBlock): void => {
    if (reachable) ir.CreateBr(target);
    else ir.CreateUnreachable();
  };

  /** Builds an arm from the start of `from`; gives its value and the block it ends in, if its end is reached. */
  const arm = <T>(
    from: llvm.BasicBlock,
    merge: llvm.BasicBlock,
    before: boolean,
    body: () => T,
  ) => {
    ir.SetInsertPoint(from);
    reachable = before;
    const value = body();
    const end = ir.GetInsertBlock();
    if (!end) throw new Error('the builder has left the function');
    goto(merge);
    return reachable ? { value, end } : undefined;
  };

  const branch = <T>(condition: IrBool, then: () => T, otherwise: () => T) => {
    const [first, second, merge] = [block('then'), block('else'), block('end')];
    const before = reachable;
    ir.CreateCondBr(raw(condition), first, second);
    const left = arm(first, merge, before, then);
    const right = arm(second, merge, before, otherwise);
    ir.SetInsertPoint(merge);
    reachable = left !== undefined || right !== undefined;
    return { left, right };
  };

  const mergedValue = (
    type: llvm.Type,
    { left, right }: ReturnType<typeof branch<llvm.Value>>,
  ): llvm.Value => {
    if (left && right) {
      const phi = ir.CreatePHI(type, 2);
      phi.addIncoming(left.value, left.end);
      phi.addIncoming(right.value, right.end);
      return phi;
    }
    return (left ?? right)?.value ?? native.llvm.UndefValue.get(type);
  };

  return {
    reachable: () => reachable,
    leave,
    statements: {
      if_: (condition, then, otherwise) => {
        branch(condition, then, otherwise ?? (() => undefined));
      },
      ifValue: (condition: IrBool, then: () => IrValue, otherwise: () => IrValue) => {
        const arms = branch(
          condition,
          () => raw(then()),
          () => raw(otherwise()),
        );
        return asValue(mergedValue(native.i64, arms));
      },
      ifBool: (condition: IrBool, then: () => IrBool, otherwise: () => IrBool) => {
        const arms = branch(
          condition,
          () => raw(then()),
          () => raw(otherwise()),
        );
        return asBool(mergedValue(native.llvm.Type.getInt1Ty(native.context), arms));
      },
      ifPointer: (condition: IrBool, then: () => IrPointer, otherwise: () => IrPointer) => {
        const arms = branch(
          condition,
          () => raw(then()),
          () => raw(otherwise()),
        );
        return asPointer(mergedValue(native.pointer, arms));
      },
      while_: (condition, body) => {
        const [head, inside, end] = [block('while'), block('do'), block('done')];
        const before = reachable;
        ir.CreateBr(head);
        ir.SetInsertPoint(head);
        ir.CreateCondBr(raw(condition()), inside, end);
        ir.SetInsertPoint(inside);
        body({
          break_: () => leave(() => void ir.CreateBr(end)),
          continue_: () => leave(() => void ir.CreateBr(head)),
        });
        goto(head);
        ir.SetInsertPoint(end);
        reachable = before;
      },
    },
  };
}
