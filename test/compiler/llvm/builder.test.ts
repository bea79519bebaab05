import { describe, expect, it } from 'vitest';
import type { FunctionBuilder, IrValue } from '../../../compiler/llvm/ir.ts';
import { logTable } from '../../../compiler/llvm/log2.ts';
import { codeOf, moduleOf } from './support.ts';

/** Code of a program that returns what `body` makes of a value the compiler cannot know. */
function codeFor(body: (ir: FunctionBuilder, unknown: IrValue) => IrValue | undefined) {
  return codeOf(
    moduleOf((ir) => {
      const result = body(ir, ir.helper(14, []));
      if (result) ir.helper(1, [result]);
    }),
  );
}

describe('the builder', () => {
  it('leaves out blocks that only go on to another', () => {
    const text = moduleOf((ir) => {
      const unknown = ir.helper(14, []);
      ir.if_(ir.toBool(unknown), () => {
        ir.if_(ir.compare('ult', unknown, ir.constant(9)), () => ir.helper(2, []));
      });
      const value = ir.ifValue(
        ir.compare('ugt', unknown, ir.constant(5)),
        () => ir.helper(1, []),
        () => unknown,
      );
      // Neither arm does anything: one is what the phi tells them by.
      const other = ir.ifValue(
        ir.compare('ugt', unknown, ir.constant(7)),
        () => value,
        () => unknown,
      );
      ir.helper(3, [other]);
    }).text();
    const body = /^define [\s\S]*?^}/m.exec(text)?.[0] ?? '';
    expect(body.match(/^\w+:$/gm)?.map((label) => label.replace(/\d+:$/, ''))).toEqual([
      ...['entry:', 'start:', 'then', 'end', 'then', 'then', 'end', 'else', 'end'],
    ]);
  });

  it('makes what is asked for once again where no way led through the first place', () => {
    let made = 0;
    const ask = (ir: FunctionBuilder): void => {
      ir.helper(1, [
        ir.once('id', () => {
          made += 1;
          return ir.helper(8, []);
        }),
      ]);
    };
    const calls = (body: (ir: FunctionBuilder, unknown: IrValue) => void): number => {
      made = 0;
      codeFor((ir, unknown) => {
        body(ir, unknown);
        return undefined;
      });
      return made;
    };
    // In each arm, and behind both.
    const arms = calls((ir, unknown) => {
      ir.if_(
        ir.toBool(unknown),
        () => ask(ir),
        () => ask(ir),
      );
      ask(ir);
      ask(ir);
    });
    expect(arms).toBe(3);
    const before = calls((ir, unknown) => {
      ask(ir);
      ir.if_(ir.toBool(unknown), () => ask(ir));
      ir.while_(
        () => ir.toBool(ir.helper(5, [])),
        () => ask(ir),
      );
    });
    expect(before).toBe(1);
    const loop = calls((ir) => {
      ir.while_(
        () => ir.toBool(ir.helper(5, [])),
        () => {
          ask(ir);
          ask(ir);
        },
      );
      ask(ir);
    });
    expect(loop).toBe(2);
  });

  it.each([
    [-1n, '-1'],
    [0xffff_ffffn, '4294967295 ll'],
    [-0x8000_0000_0000_0000n, '-9223372036854775808 ll'],
    [0x1234_5678_9abc_def0n, '1311768467463790320 ll'],
    [0xffff_ffff_ffff_fffen, '-2'],
    [(1n << 53n) + 1n, '9007199254740993 ll'],
  ])('writes the constant %s exactly', (value, text) => {
    expect(codeFor((ir) => ir.constant(value))).toContain(`r1 = ${text}`);
  });

  it('divides and shifts without a sign unless it is asked for one', () => {
    const code = codeFor((ir, value) =>
      ir.op(
        'ashr',
        ir.op('lshr', ir.op('udiv', value, ir.constant(7)), ir.constant(1)),
        ir.constant(2),
      ),
    );
    expect(code.join('\n')).toMatch(/\/= 7/);
    expect(codeFor((ir, value) => ir.op('ashr', value, ir.constant(3))).join('\n')).toContain(
      's>>= 3',
    );
  });

  it('extends by the sign of what it loads', () => {
    const load = (signed: boolean) =>
      codeFor((ir) => {
        const memory = ir.alloca(8, 8);
        ir.helper(1, [memory]);
        return ir.load(memory, 0, 1, signed);
      }).join('\n');
    expect(load(true)).toContain('s>>= 56');
    expect(load(false)).not.toContain('>>=');
  });

  it('joins the values of two arms, and takes the other one where an arm leaves', () => {
    const both = codeFor((ir, value) =>
      ir.ifValue(
        ir.toBool(value),
        () => ir.constant(11),
        () => ir.constant(22),
      ),
    );
    expect(both.filter((line) => /= (11|22)$/.test(line))).toHaveLength(2);
    const one = codeFor((ir, value) =>
      ir.ifValue(
        ir.toBool(value),
        () => {
          ir.return_(ir.constant(1));
          return ir.constant(11);
        },
        () => ir.constant(22),
      ),
    ).join('\n');
    expect(one).toContain('= 22');
    expect(one).not.toContain('= 11');
  });

  it('knows what can be reached', () => {
    const seen: boolean[] = [];
    moduleOf((ir) => {
      const condition = ir.toBool(ir.helper(14, []));
      ir.if_(condition, () => {
        ir.return_(ir.constant(0));
        seen.push(ir.reachable);
      });
      seen.push(ir.reachable);
      ir.while_(
        () => condition,
        (loop) => {
          loop.break_();
          seen.push(ir.reachable);
        },
      );
      seen.push(ir.reachable);
      ir.if_(
        condition,
        () => ir.return_(ir.constant(0)),
        () => ir.return_(ir.constant(1)),
      );
      seen.push(ir.reachable);
    });
    expect(seen).toEqual([false, true, false, true, false]);
  });

  it('builds what stands behind a return, and emits none of it', () => {
    const code = codeFor((ir, value) => {
      ir.return_(ir.constant(3));
      ir.if_(ir.toBool(value), () => void ir.helper(99, []));
      ir.while_(
        () => ir.toBool(value),
        (loop) => loop.continue_(),
      );
      return value;
    });
    expect(code.slice(-2)).toEqual(['w0 = 3', 'exit']);
    expect(code).not.toContain('call 99');
  });

  it('loops until the condition fails, with break and continue', () => {
    const code = codeFor((ir) => {
      const counter = ir.alloca(8, 8);
      ir.store(counter, 0, 8, ir.constant(0));
      ir.while_(
        () => ir.compare('ult', ir.load(counter, 0, 8, false), ir.constant(1000)),
        (loop) => {
          const value = ir.load(counter, 0, 8, false);
          ir.store(counter, 0, 8, ir.op('add', value, ir.constant(1)));
          ir.if_(ir.toBool(ir.helper(7, [])), loop.break_);
          ir.if_(ir.toBool(ir.helper(8, [])), loop.continue_);
          ir.helper(5, []);
        },
      );
      return undefined;
    });
    // Not unrolled: each call stands there once.
    for (const call of ['call 7', 'call 8', 'call 5'])
      expect(code.filter((line) => line === call)).toHaveLength(1);
  });

  it('adds by `lock` without giving the old value, and exchanges with it', () => {
    const code = codeFor((ir) => {
      const pointer = ir.helperPointer(1, []);
      ir.atomicAdd(pointer, 16, 8, ir.constant(1));
      ir.atomicAdd(pointer, 24, 4, ir.constant(1));
      return ir.atomicExchange(pointer, 8, ir.constant(5));
    }).join('\n');
    expect(code).toMatch(/lock \*\(u64 \*\)\(r\d \+ 16\) \+= r\d/);
    expect(code).toMatch(/lock \*\(u32 \*\)\(r\d \+ 24\) \+= w\d/);
    expect(code).toMatch(/xchg_64\(r\d \+ 8/);
    expect(code).not.toContain('atomic_fetch_add');
  });

  it('keeps volatile accesses apart', () => {
    const code = codeFor((ir) => {
      const pointer = ir.helperPointer(1, []);
      ir.storeVolatile(pointer, 0, 4, ir.constant(1));
      ir.storeVolatile(pointer, 0, 4, ir.constant(2));
      return ir.op('add', ir.loadVolatile(pointer, 8, 8), ir.loadVolatile(pointer, 8, 8));
    });
    expect(code.filter((line) => line.startsWith('*(u32 *)'))).toHaveLength(2);
    expect(code.filter((line) => line.includes('= *(u64 *)'))).toHaveLength(2);
  });

  it.each([
    [8, 23, { u64: 2, u32: 1, u16: 1, u8: 1 }],
    [4, 23, { u64: 0, u32: 5, u16: 1, u8: 1 }],
    [1, 5, { u64: 0, u32: 0, u16: 0, u8: 5 }],
  ] as const)('zeroes memory aligned to %i as wide as that', (align, size, expected) => {
    const code = codeFor((ir) => {
      ir.zero(ir.helperPointer(1, []), size, align);
      return undefined;
    });
    for (const [type, count] of Object.entries(expected))
      expect(code.filter((line) => line.startsWith(`*(${type} *)`))).toHaveLength(count);
  });

  it('copies large memory in a loop without calls', () => {
    const code = codeFor((ir) => {
      ir.copy(ir.helperPointer(1, []), ir.helperPointer(2, []), 1028, 8);
      return undefined;
    });
    expect(code.length).toBeLessThan(40);
    expect(code.filter((line) => line.startsWith('call'))).toEqual(['call 14', 'call 1', 'call 2']);
    expect(code.some((line) => line.startsWith('*(u32 *)'))).toBe(true);
  });

  it('zeroes nothing at size 0', () => {
    const code = codeFor((ir) => {
      ir.zero(ir.helperPointer(1, []), 0);
      return undefined;
    });
    expect(code.some((line) => line.startsWith('*('))).toBe(false);
  });

  it('refuses a helper with more than five arguments', () => {
    expect(() =>
      codeFor((ir, value) => ir.helper(1, [value, value, value, value, value, value])),
    ).toThrow('more than five arguments');
  });
});

describe('log2', () => {
  /** What `lowerLog2` computes, on numbers. */
  function log2(value: bigint): number | undefined {
    let filled = value;
    for (const distance of [1n, 2n, 4n, 8n, 16n, 32n]) filled |= filled >> distance;
    const product = BigInt.asUintN(64, filled * 0x03f7_9d71_b4cb_0a89n);
    return logTable()[Number(product >> 58n)];
  }

  it('finds the highest bit at each position, whatever stands below it', () => {
    for (let bit = 0n; bit < 64n; bit += 1n) {
      expect(log2(1n << bit)).toBe(Number(bit));
      expect(log2((1n << (bit + 1n)) - 1n)).toBe(Number(bit));
      expect(log2((1n << bit) | (0x5555_5555_5555_5555n & ((1n << bit) - 1n)))).toBe(Number(bit));
    }
  });

  it('takes no branch and 26 instruction slots', () => {
    const code = codeFor((ir, value) => ir.log2(value));
    expect(code.some((line) => /^(if|goto)/.test(line))).toBe(false);
    const slots = code
      .slice(code.indexOf('call 14') + 1, code.indexOf('call 1'))
      .reduce((sum, line) => sum + (line.endsWith(' ll') ? 2 : 1), 0);
    expect(slots).toBeLessThanOrEqual(27);
  });
});
