/**
 * Numbers in kernel structs whose type is another on this kernel than where the script was compiled: what the object
 * prints is what one built for this very kernel prints, or it is refused.
 */
import { expect, it } from 'vitest';
import { loadKernelDescription } from '../../compiler/kernel/load.ts';
import { BTF_KIND, ENCODING } from '../../linker/btf/btf.ts';
import { type Btf, readBtf } from '../../linker/btf/read.ts';
import { needs } from '../support/needs.ts';
import { createRandom } from '../support/random.ts';
import { run } from '../support/run.ts';

interface Leaf {
  readonly bits: number;
  readonly signed: boolean;
  readonly bitfield: boolean;
}

interface Difference {
  readonly struct: string;
  readonly member: string;
  readonly built: Leaf;
  readonly here: Leaf;
}

/** Integers among the named members of a struct. */
function integers(btf: Btf, id: number): ReadonlyMap<string, Leaf> {
  return new Map(
    btf.members(id).flatMap(({ name, type, bitSize }) => {
      const resolved = btf.resolve(type);
      if (name === '' || resolved.kind !== BTF_KIND.int) return [];
      const { encoding, bits } = btf.int(resolved.id);
      const leaf = {
        bits: bitSize || bits,
        signed: (encoding & ENCODING.signed) !== 0,
        bitfield: bitSize > 0 || bits !== resolved.sizeOrType * 8,
      };
      return [[name, leaf] as const];
    }),
  );
}

function differences(built: Btf, here: Btf): readonly Difference[] {
  return built.ofKind(BTF_KIND.struct).flatMap((id) => {
    const struct = built.name(id);
    const others =
      struct === ''
        ? []
        : here.named(struct).filter((other) => here.kind(other) === BTF_KIND.struct);
    const [other] = others;
    // What several structs have as their name is ambiguous, and refused as such.
    if (other === undefined || others.length > 1 || built.named(struct).length > 1) return [];
    const there = integers(here, other);
    return [...integers(built, id)].flatMap(([member, leaf]) => {
      const now = there.get(member);
      const same =
        now &&
        now.bits === leaf.bits &&
        now.signed === leaf.signed &&
        now.bitfield === leaf.bitfield;
      return now && !same ? [{ struct, member, built: leaf, here: now }] : [];
    });
  });
}

/** Narrower whole bytes of the same sign: CO-RE tells the code their width. */
function adapts({ built, here }: Difference): boolean {
  const whole = !built.bitfield && !here.bitfield;
  return whole && built.signed === here.signed && here.bits < built.bits;
}

needs('root').describe('numbers of kernel structs', () => {
  const all = differences(
    readBtf(loadKernelDescription('default').btf),
    readBtf(loadKernelDescription('host').btf),
  );
  const random = createRandom(20);
  const sample = [...all]
    .map((difference) => ({ difference, at: random.below(1 << 30) }))
    .sort((left, right) => left.at - right.at)
    .slice(0, 24)
    .map(({ difference }) => difference);

  it('differ between this kernel and the one that scripts are compiled for', () => {
    const here = loadKernelDescription('host').release;
    const known = loadKernelDescription('default').release;
    expect(all.length > 0).toBe(here !== known);
  });

  // Any memory will do that does not change between two runs.
  const script = ({ struct, member }: Difference) =>
    `begin { $p = (struct ${struct} *)kaddr("_stext"); printf("%lld\\n", (int64)$p.${member}); exit(); }`;

  it.each(
    sample.map((difference) => [`${difference.struct}.${difference.member}`, difference] as const),
  )('are the kernel’s own or refused: %s', async (name, difference) => {
    const built = await run(script(difference), { signal: 'none' });
    const here = await run(script(difference), { signal: 'none', kernel: 'host' });
    expect(here.status, here.stderr).toBe(0);
    if (adapts(difference)) expect(built.status, `${name}: ${built.stderr}`).toBe(0);
    if (built.status === 0) {
      expect(built.stdout).toBe(here.stdout);
      return;
    }
    expect(built.status, built.stderr).toBe(3);
    expect(built.stderr).toMatch(
      new RegExp(`^stdin:1: ERROR: ${difference.member} of struct ${difference.struct} has `),
    );
    expect(built.stderr).toContain('HINT: Build the script with --kernel');
  });
});
