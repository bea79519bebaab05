/** JSON that anyone could have written: seen narrowly, or refused with the name of what is wrong. */
import { describe, expect, it } from 'vitest';
import {
  countIn,
  countOf,
  documentIn,
  listIn,
  objectIn,
  textIn,
} from '../../linker/inspect/checked-json.ts';
import { asNumber, asObject, asObjects, asText, asTexts } from '../../linker/inspect/json.ts';

const VALUES = [
  undefined,
  null,
  0,
  1.5,
  true,
  '',
  'text',
  [],
  ['a', 1],
  {},
  { a: 1 },
  [{ a: 1 }, 2],
];

describe('a narrow view', () => {
  it('is what it is, or empty', () => {
    expect(VALUES.map(asObject)).toEqual([
      ...[{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, { a: 1 }, {}],
    ]);
    expect(VALUES.map(asObjects)).toEqual([
      ...[[], [], [], [], [], [], [], [], [{}, {}], [], [], [{ a: 1 }, {}]],
    ]);
    expect(VALUES.map(asText)).toEqual(['', '', '', '', '', '', 'text', '', '', '', '', '']);
    expect(VALUES.map(asTexts)).toEqual([
      ...[[], [], [], [], [], [], [], [], ['a', ''], [], [], ['', '']],
    ]);
    expect(VALUES.map(asNumber)).toEqual([0, 0, 0, 1.5, 0, 0, 0, 0, 0, 0, 0, 0]);
  });
});

describe('what is checked', () => {
  it('is an object', () => {
    expect(objectIn({ a: 1 }, 'it')).toEqual({ a: 1 });
    for (const value of [undefined, null, 1, 'x', []])
      expect(() => objectIn(value, 'member')).toThrow('member is not as it should be');
  });

  it('is a document of its type and version', () => {
    const read = (value: unknown) =>
      documentIn(JSON.stringify(value), 'start', 'report of a start');
    expect(read({ type: 'start', schema: 1, more: 2 })).toEqual({
      type: 'start',
      schema: 1,
      more: 2,
    });
    expect(() => documentIn('{', 'start', 'x')).toThrow('it is not JSON');
    expect(() => read(['start'])).toThrow('it is not as it should be');
    for (const type of ['stop', undefined, 1])
      expect(() => read({ type, schema: 1 })).toThrow('it is no report of a start');
    for (const schema of [2, '1', undefined])
      expect(() => read({ type: 'start', schema })).toThrow('it is of another version');
  });

  it('is a list of objects, a text, or a whole number from 0 on', () => {
    const fields = { list: [{ a: 1 }], mixed: [{}, 1], text: '', count: 0, large: 2 ** 53 - 1 };
    expect(listIn(fields, 'list')).toEqual([{ a: 1 }]);
    expect(() => listIn(fields, 'text')).toThrow('text is no list');
    expect(() => listIn(fields, 'mixed')).toThrow('mixed is not as it should be');
    expect(textIn(fields, 'text')).toBe('');
    for (const name of ['list', 'count', 'gone'])
      expect(() => textIn(fields, name)).toThrow(`${name} is no text`);
    expect([countIn(fields, 'count'), countIn(fields, 'large')]).toEqual([0, 2 ** 53 - 1]);
    for (const value of [-1, 1.5, 2 ** 53, Number.NaN, '1', undefined, null])
      expect(() => countOf(value, 'n')).toThrow('n is no number');
    expect(() => countIn(fields, 'text')).toThrow('text is no number');
  });
});
