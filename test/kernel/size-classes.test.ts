/** Maps whose keys hold long strings: kept in several kernel maps, used as one. */

import { describe, expect, it } from 'vitest';
import { build } from '../support/build.ts';
import { mapEntries } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { run, runWorkload } from '../support/run.ts';

/** Lengths around the ends of the classes, which hold 31 and 127 characters, and of max_strlen. */
const LENGTHS = [1, 30, 31, 32, 33, 63, 64, 126, 127, 128, 129, 500, 1022, 1023, 1024];
const TEXTS = LENGTHS.map((length) => String.fromCharCode(97 + (length % 26)).repeat(length));
/** What str() keeps of a text. */
const kept = (text: string): string => text.slice(0, 1023);
const WRITE = 'tracepoint:syscalls:sys_enter_write';
const OURS = `${WRITE} /comm == "sizes" && args.fd != 1 && args.fd != 2/`;

/** Writes each text `times` times. */
function writing(texts: readonly string[], times: number) {
  return async (): Promise<void> => {
    await runWorkload(
      ['comm sizes', ...texts.map((text) => `writetext ${times} ${text}`)].join(' '),
    );
  };
}

function sorted(
  entries: readonly (readonly [string, number])[],
): readonly (readonly [string, number])[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Counts by text: equal texts together, as 1,023 and 1,024 characters are to str(). */
function counts(texts: readonly string[], times: number): readonly (readonly [string, number])[] {
  const result = new Map<string, number>();
  for (const text of texts) result.set(kept(text), (result.get(kept(text)) ?? 0) + times);
  return sorted([...result]);
}

needs('root').describe('keys with long strings', () => {
  it('count each text once, whatever its length', async () => {
    const result = await run(`${OURS} { @[str(args.buf)] = count(); }`, {
      workload: writing(TEXTS, 3),
    });
    expect(sorted(mapEntries(result.stdout, '@'))).toEqual(counts(TEXTS, 3));
  });

  it('find the same element through variables, literals and other maps', async () => {
    const [short, , , middle] = TEXTS;
    const result = await run(
      `${OURS} {
         $text = str(args.buf); @direct[str(args.buf)] += 1; @direct[$text] += 1;
         @last = $text; @direct[@last] += 1;
         if (has_key(@direct, $text)) { @known[$text] = @direct[str(args.buf)]; }
         @direct["${short}"] += 100; @direct["${middle}"] += 100;
       }`,
      { workload: writing(TEXTS.slice(0, 10), 1) },
    );
    const extra = (text: string): number => (text === short || text === middle ? 1000 : 0);
    expect(sorted(mapEntries(result.stdout, '@direct'))).toEqual(
      sorted(TEXTS.slice(0, 10).map((text) => [text, 3 + extra(text)] as const)),
    );
    expect(mapEntries(result.stdout, '@known')).toHaveLength(10);
  });

  it('are told apart by both strings of a tuple, and by what stands around them', async () => {
    const result = await run(
      `${OURS} { @[str(args.buf), (uint8)7, str(args.buf), comm] = count();
         @mixed[1, str(args.buf), "x"] += 2; @short[comm, str(args.buf)] = max(args.count); }`,
      { workload: writing(TEXTS, 2) },
    );
    expect(sorted(mapEntries(result.stdout, '@'))).toEqual(
      sorted(
        counts(TEXTS, 2).map(([text, count]) => [`${text}, 7, ${text}, sizes`, count] as const),
      ),
    );
    expect(sorted(mapEntries(result.stdout, '@mixed'))).toEqual(
      sorted(counts(TEXTS, 4).map(([text, count]) => [`1, ${text}, x`, count] as const)),
    );
    expect(mapEntries(result.stdout, '@short')).toHaveLength(counts(TEXTS, 1).length);
  });

  it('of two strings of different lengths fall together only if both are equal', async () => {
    const result = await run(
      `${OURS} { @[@previous, str(args.buf)] = count(); @[str(args.buf), @previous] = count(); @previous = str(args.buf); }`,
      { workload: writing(TEXTS.slice(0, 13), 2) },
    );
    // For each text: itself after the one before (once), and after itself (once, from both statements twice).
    const expected: [string, number][] = [];
    TEXTS.slice(0, 13).forEach((text, index) => {
      const before = TEXTS[index - 1] ?? '';
      expected.push([`${before}, ${text}`, 1], [`${text}, ${before}`, 1], [`${text}, ${text}`, 2]);
    });
    expect(sorted(mapEntries(result.stdout, '@'))).toEqual(sorted(expected));
  });

  it('can be deleted, counted and walked over', async () => {
    const result = await run(
      `${OURS} { @[str(args.buf)] = strlen(str(args.buf)); }
       END {
         printf("len %d\\n", len(@));
         delete(@, "${TEXTS[0]}"); delete(@, "${TEXTS[4]}"); delete(@, "${TEXTS[10]}");
         printf("len %d\\n", len(@));
         for ($kv : @) { printf("%d %d\\n", strlen($kv.0), $kv.1); @sum += $kv.1; $pair = $kv; @copy[$pair.0] = 1; }
         for ($kv : @) { @visits += 1; if (@visits == 2) { break; } }
         for ($kv : @) { delete(@, $kv.0); }
         printf("len %d copies %d\\n", len(@), len(@copy));
       }`,
      { workload: writing(TEXTS.slice(0, 13), 1) },
    );
    const left = LENGTHS.slice(0, 13).filter((_, index) => ![0, 4, 10].includes(index));
    const lines = result.stdout.split('\n');
    expect(lines.slice(0, 3)).toContain('len 13');
    expect(lines).toContain('len 10');
    expect(lines).toContain('len 0 copies 10');
    expect(
      lines
        .filter((line) => /^\d+ \d+$/.test(line))
        .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)),
    ).toEqual(left.map((length) => `${length} ${length}`));
    expect(result.stdout).toContain(`@sum: ${left.reduce((sum, length) => sum + length, 0)}\n`);
    expect(result.stdout).toContain('@visits: 2\n');
  });

  it('hold histograms and averages, which can be read, printed, zeroed and cleared', async () => {
    const result = await run(
      `${OURS} { @h[str(args.buf)] = hist(args.count); @a[str(args.buf)] = avg(args.count); @c[str(args.buf)] = count(); @z[str(args.buf)] = sum(1); }
       END { for ($kv : @a) { printf("avg %d\\n", $kv.1); } print(@c, 2); clear(@c); zero(@z); }`,
      { workload: writing(TEXTS.slice(0, 13), 2) },
    );
    const texts = TEXTS.slice(0, 13);
    expect(result.stdout.match(/^@h\[/gm)).toHaveLength(texts.length);
    for (const length of LENGTHS.slice(0, 13)) expect(result.stdout).toContain(`avg ${length}\n`);
    expect(result.stdout.match(/^@c\[/gm)).toHaveLength(2);
    expect(mapEntries(result.stdout, '@z')).toEqual(
      expect.arrayContaining(texts.map((text) => [text, 0])),
    );
  });
});

describe('the kernel maps of keys with long strings', () => {
  const maps = (script: string): string => Buffer.from(build(script)).toString('latin1');

  it('are three for strings of max_strlen, two for middle ones, one for short or declared ones', () => {
    const long = maps(`${WRITE} { @[str(args.buf)] = count(); }`);
    expect([long.includes('AT32_'), long.includes('AT128_')]).toEqual([true, true]);
    const middle = maps(`${WRITE} { @[str(args.buf, 99)] = count(); }`);
    expect([middle.includes('AT32_'), middle.includes('AT128_')]).toEqual([true, false]);
    for (const script of [
      `${WRITE} { @[str(args.buf, 63)] = count(); }`,
      `let @ = hash(5); ${WRITE} { @[str(args.buf)] = 1; }`,
    ]) {
      expect(maps(script)).not.toContain('AT32_');
    }
  });
});
