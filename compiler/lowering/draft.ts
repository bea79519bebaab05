/**
 * A builder that builds nothing. A program is lowered with it once, so that what decides its prologue is
 * known before the first instruction: how much scratch memory it needs, and whether any.
 */

import type { FunctionBuilder, IrBool, IrPointer, IrValue } from '../llvm/ir.ts';

/** Stands for every value; nothing looks inside. */
const NOTHING = Object.freeze({}) as unknown as IrValue & IrPointer & IrBool;

export function createDraftBuilder(): FunctionBuilder {
  let reachable = true;
  /** Runs one arm; control leaves the whole if neither arm can be left at its end. */
  const arm = <T>(body: () => T): readonly [T, boolean] => {
    const before = reachable;
    const result = body();
    const after = reachable;
    reachable = before;
    return [result, after];
  };
  const branches = <T>(then: () => T, otherwise: () => T): T => {
    const [value, first] = arm(then);
    const [, second] = arm(otherwise);
    reachable = reachable && (first || second);
    return value;
  };
  const nothing = () => NOTHING;
  const none = () => {};
  const nowhere = () => ({ line: 0, column: 0 });
  return {
    constant: nothing,
    nullPointer: nothing,
    op: nothing,
    compare: nothing,
    isNull: nothing,
    not: nothing,
    and: nothing,
    or: nothing,
    fromBool: nothing,
    toBool: nothing,
    select: nothing,
    extend: nothing,
    load: nothing,
    store: none,
    loadFixed: nothing,
    loadVolatile: nothing,
    storeVolatile: none,
    atomicAdd: none,
    offset: nothing,
    pointerToInt: nothing,
    intToPointer: nothing,
    zero: none,
    copy: none,
    log2: nothing,
    if_: (_condition, then, otherwise) => branches(then, otherwise ?? none),
    ifValue: (_condition, then, otherwise) => branches(then, otherwise),
    ifBool: (_condition, then, otherwise) => branches(then, otherwise),
    ifPointer: (_condition, then, otherwise) => branches(then, otherwise),
    while_: (condition, body) => {
      condition();
      const before = reachable;
      const leave = () => {
        reachable = false;
      };
      body({ break_: leave, continue_: leave });
      reachable = before;
    },
    return_: () => {
      reachable = false;
    },
    get reachable() {
      return reachable;
    },
    once: (_name, make) => make(),
    alloca: nothing,
    loadAtEntry: nothing,
    setPlace: nowhere,
    helper: nothing,
    helperPointer: nothing,
    steadyHelper: nothing,
    opaque: nothing,
    apart: nothing,
    global: nothing,
    callback: nothing,
    extendArgument: nothing,
    callFunction: nothing,
    callLinked: nothing,
    siteLoad: nothing,
    siteImmediate: nothing,
    siteShift: nothing,
    siteCall: nothing,
    atomicExchange: nothing,
  };
}
