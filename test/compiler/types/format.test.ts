import { describe, expect, it } from 'vitest';
import { countProblem, parseFormat, typeProblem } from '../../../compiler/types/format.ts';
import type { Type } from '../../../compiler/types/type.ts';
import { BOOL, INT64, UINT64, VOID } from '../../../compiler/types/type.ts';

const names = (format: string) => parseFormat(format).conversions.map(({ name }) => name);

function problemOf(conversion: string, type: Type): string | undefined {
  const [first] = parseFormat(conversion).conversions;
  if (first === undefined) throw new Error(`${conversion} is no conversion`);
  return typeProblem(first, type);
}

const POINTER: Type = { kind: 'pointer', to: VOID, space: 'kernel' };
const BUFFER: Type = { kind: 'buffer', size: 8 };
const STRING: Type = { kind: 'string', size: 16 };

describe('parsing of formats', () => {
  it('finds nothing in plain text', () => {
    expect(parseFormat('hello\n')).toEqual({ conversions: [], problems: [] });
  });

  it('reads every conversion', () => {
    expect(names('%d %i %u %x %X %o %c %p %s %r %rx %rh %gr')).toEqual([
      'd',
      'i',
      'u',
      'x',
      'X',
      'o',
      'c',
      'p',
      's',
      'r',
      'rx',
      'rh',
      'gr',
    ]);
  });

  it('reads flags, width, precision and length', () => {
    expect(parseFormat('a %-+ #012.3llx').conversions).toEqual([
      {
        text: '%-+ #012.3llx',
        offset: 2,
        flags: '-+ #0',
        width: 12,
        precision: 3,
        length: 'll',
        name: 'x',
      },
    ]);
  });

  it.each(['hh', 'h', 'l', 'll', 'L', 'j', 'z', 't'])('reads the length modifier %s', (length) => {
    expect(parseFormat(`%${length}d`).conversions).toMatchObject([{ length, name: 'd' }]);
  });

  it('takes the longest conversion, and leaves what follows it', () => {
    expect(names('%rx%r!%rhh')).toEqual(['rx', 'r', 'rh']);
    expect(names('%green')).toEqual(['gr']);
  });

  it('takes %% for a percent sign and nothing else', () => {
    expect(names('100%% %%d %d')).toEqual(['d']);
  });

  it('takes a percent sign that begins no conversion for itself', () => {
    expect(parseFormat('100%, %y %')).toEqual({ conversions: [], problems: [] });
  });

  it.each([...'feganFEGA'])('refuses %%%s', (letter) => {
    expect(parseFormat(`%${letter}`).problems).toEqual([`unsupported format specifier: ${letter}`]);
  });

  it.each(['%*d', '%.*s', '%-*.*x'])('refuses %s', (format) => {
    expect(parseFormat(format).problems).toEqual([
      `a width or precision has to be a number, not '*': ${format}`,
    ]);
  });
});

describe('counting of arguments', () => {
  it('says how many are missing or too many', () => {
    expect(countProblem(parseFormat('%d %s'), 2)).toBeUndefined();
    expect(countProblem(parseFormat('%d %s'), 1)).toBe(
      'Not enough arguments for format string (1 supplied, 2 expected)',
    );
    expect(countProblem(parseFormat('%%'), 3)).toBe(
      'Too many arguments for format string (3 supplied, 0 expected)',
    );
  });
});

describe('types of arguments', () => {
  it('prints integers, bools and pointers as numbers', () => {
    for (const conversion of ['%d', '%i', '%u', '%x', '%X', '%o', '%p']) {
      for (const type of [INT64, UINT64, BOOL, POINTER]) {
        expect(problemOf(conversion, type)).toBeUndefined();
      }
    }
  });

  it('prints anything but none with %s', () => {
    const types: readonly Type[] = [
      INT64,
      STRING,
      BUFFER,
      POINTER,
      { kind: 'stack', space: 'kernel', mode: 'bpftrace', limit: 127 },
      { kind: 'tuple', elements: [INT64, STRING] },
    ];
    for (const type of types) expect(problemOf('%s', type)).toBeUndefined();
    expect(problemOf('%s', VOID)).toBe('unable to print none type for specifier: s');
  });

  it('prints nothing but buffers with %r, %rx and %rh', () => {
    for (const name of ['r', 'rx', 'rh']) {
      expect(problemOf(`%${name}`, BUFFER)).toBeUndefined();
      expect(problemOf(`%${name}`, STRING)).toBe(
        `unsupported format specifier for type 'string[16]': ${name}`,
      );
    }
  });

  it('names the type that a number cannot be made of', () => {
    expect(problemOf('%5d', STRING)).toBe("unsupported format specifier for type 'string[16]': d");
    expect(problemOf('%c', POINTER)).toBe("unsupported format specifier for type 'void *': c");
    expect(problemOf('%gr', INT64)).toBeUndefined();
  });
});
