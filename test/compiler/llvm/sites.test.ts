import { describe, expect, it } from 'vitest';
import { codeOf, moduleOf, SECTION, sitesOf } from './support.ts';

const LDX_U64 = 0x79;
const LDX_U16 = 0x69;
const MOV64_IMMEDIATE = 0xb7;

describe('sites', () => {
  it('are one load that carries its offset, noted with its number', () => {
    const module = moduleOf((ir, context) => ir.return_(ir.siteLoad(5, context, 24, 8, false)));
    expect(sitesOf(module)).toEqual([
      { section: SECTION, at: 0, site: 5, opcode: LDX_U64, offset: 24, immediate: 0 },
    ]);
    expect(codeOf(module)).toContain('r0 = *(u64 *)(r1 + 24)');
  });

  it('are one immediate, negative too', () => {
    const module = moduleOf((ir) => {
      ir.helper(5, [ir.siteImmediate(1, 2000), ir.siteImmediate(2, -8)]);
    });
    expect(sitesOf(module)).toMatchObject([
      { site: 1, opcode: MOV64_IMMEDIATE, immediate: 2000 },
      { site: 2, opcode: MOV64_IMMEDIATE, immediate: -8 },
    ]);
  });

  it('are extended by sign behind the load', () => {
    const module = moduleOf((ir, context) => {
      ir.helper(5, [ir.siteLoad(0, context, 6, 2, true)]);
    });
    expect(sitesOf(module)).toMatchObject([{ opcode: LDX_U16, offset: 6 }]);
    expect(codeOf(module).join('\n')).toContain('s>>= 48');
  });

  it('merge where they are equal and vanish where nobody needs them', () => {
    const module = moduleOf((ir, context) => {
      const first = ir.siteLoad(3, context, 16, 8, false);
      const second = ir.siteLoad(3, context, 16, 8, false);
      ir.siteLoad(4, context, 32, 8, false);
      ir.siteImmediate(5, 1);
      ir.helper(5, [first, second]);
    });
    expect(sitesOf(module)).toMatchObject([{ site: 3, offset: 16 }]);
  });

  it('have a record for each place that a number stands at', () => {
    const module = moduleOf((ir, context) => {
      const other = ir.helperPointer(1, []);
      ir.helper(5, [ir.siteLoad(3, context, 16, 8, false), ir.siteLoad(3, other, 16, 8, false)]);
      ir.if_(
        ir.toBool(ir.helper(14, [])),
        () => void ir.helper(6, [ir.siteLoad(9, ir.helperPointer(2, []), 40, 8, false)]),
        () => void ir.helper(7, [ir.siteLoad(9, ir.helperPointer(3, []), 40, 8, false)]),
      );
    });
    const sites = sitesOf(module);
    expect(sites.map(({ site }) => site).sort()).toEqual([3, 3, 9, 9]);
    expect(new Set(sites.map(({ at }) => at)).size).toBe(4);
    for (const { opcode, offset, site } of sites)
      expect({ opcode, offset }).toEqual({ opcode: LDX_U64, offset: site === 3 ? 16 : 40 });
  });

  it('stand in callbacks as well as in programs', () => {
    const module = moduleOf((ir, _context, own) => {
      own.callback('each', ['i64', 'ptr'], (callback, [, frame]) =>
        callback.return_(callback.siteLoad(7, frame, 8, 8, false)),
      );
      ir.helper(181, [ir.constant(3), ir.callback('each')]);
    });
    expect(sitesOf(module)).toMatchObject([{ section: '.text', site: 7, offset: 8 }]);
  });
});
