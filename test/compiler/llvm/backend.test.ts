import { describe, expect, it } from 'vitest';
import { emit } from '../../../compiler/llvm/backend.ts';

const HEAD = 'target triple = "bpfel"\n';
const CALL = 'inttoptr (i64 6 to void (i8*)*)';

function emitting(text: string) {
  return () => emit(HEAD + text, 'object');
}

describe('the back end', () => {
  it('emits an object for BPF', () => {
    const object = Buffer.from(emitting('define i32 @p() nounwind { ret i32 0 }')());
    expect(object.toString('latin1', 0, 4)).toBe('\x7fELF');
    expect(object.readUInt16LE(18)).toBe(247);
  });

  it('emits optimised IR and assembly', () => {
    const text = 'define i32 @p(i32 %a) nounwind {\n %x = add i32 %a, 0\n ret i32 %x\n}';
    expect(Buffer.from(emit(HEAD + text, 'ir')).toString()).toContain('ret i32 %a');
    expect(Buffer.from(emit(HEAD + text, 'assembly')).toString()).toContain('exit');
  });

  it('says where text cannot be read', () => {
    expect(emitting('define nonsense')).toThrow(/unreadable IR: module:2:\d+: error/);
  });

  it('names the function that the verifier refuses', () => {
    const broken = `define i32 @fine() { ret i32 0 }
define i32 @culprit(i64 %a) {
  br i1 true, label %x, label %y
x:
  %s = trunc i64 %a to i32
  br label %y
y:
  ret i32 %s
}`;
    expect(emitting(broken)).toThrow(/broken IR in culprit: .*dominate/s);
  });

  it('names the function whose stack is too large', () => {
    const large = `define i32 @large() nounwind {
  %a = alloca [600 x i8]
  %p = bitcast [600 x i8]* %a to i8*
  call void ${CALL}(i8* %p)
  ret i32 0
}`;
    expect(emitting(large)).toThrow(/in function large .*stack limit/);
  });

  it('names the functions with jumps that pass more than 32,767 instructions', () => {
    /** A function whose first instruction jumps over `count` others. */
    const jump = (name: string, count: number, instruction = '$0 = 1'): string => {
      const over = Array.from({ length: count }, () => instruction).join('\\0A');
      return `define i64 @${name}(i64 %a) nounwind {
  %c = icmp eq i64 %a, 7
  br i1 %c, label %end, label %long
long:
  %r = call i64 asm sideeffect "${over}", "=r"()
  br label %end
end:
  %s = phi i64 [ %a, %0 ], [ %r, %long ]
  ret i64 %s
}
`;
    };
    expect(emitting(jump('near', 32_766))).not.toThrow();
    const far = jump('near', 9) + jump('far', 32_768) + jump('farther', 32_768);
    expect(emitting(`declare void @nowhere()\n${far}`)).toThrow(
      'in function far a jump is too long\nin function farther a jump is too long\n',
    );
    // One of 64 bits takes two.
    expect(emitting(jump('wide', 16_384, '$0 = 81985529216486895 ll'))).toThrow(/in function wide/);
    expect(emitting(jump('near', 9))).not.toThrow();
  });

  it('survives what LLVM calls fatal, and works on', () => {
    const division = `define i64 @signed(i64 %a) nounwind {
  %r = sdiv i64 %a, 3
  ret i64 %r
}`;
    expect(emitting(division)).toThrow(/Cannot select.*In function: signed/s);
    expect(emitting('define i32 @p() nounwind { ret i32 0 }')).not.toThrow();
  });

  it('reports wrong assembly, unknown passes and other machines', () => {
    expect(
      emitting('define void @p() { call void asm sideeffect "what", ""()\n ret void }'),
    ).toThrow(/invalid/);
    const fine = `${HEAD}define i32 @p() { ret i32 0 }`;
    expect(() => emit(fine, 'object', { passes: 'make-it-fast' })).toThrow(
      /passes: .*make-it-fast/,
    );
    expect(() => emit('target triple = "x86_64"', 'object')).toThrow(/x86_64/);
  });
});
