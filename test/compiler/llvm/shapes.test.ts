import { describe, expect, it } from 'vitest';
import { nameText, placeText } from '../../../compiler/llvm/names.ts';
import { fillShape, takeShape } from '../../../compiler/llvm/shapes.ts';

const DATA: readonly string[] = ['AT_calls', 'AT_sizes', 'a "map" of \\ and \u{e9}'];
const dataNamed = (name: string): string | undefined => (DATA.includes(name) ? name : undefined);

/** A body that stores to two variables, at a place, through a site. */
const body = (first: string, second: string, site: number, place: number): string =>
  [
    `  %p1 = call ptr @bpfscript.site.${site}.load.8.32(ptr %p.0), !dbg ${placeText(place)}`,
    `  store i64 1, ptr ${nameText(first)}, !dbg ${placeText(place + 1)}`,
    `  store i64 2, ptr ${nameText(second)}, !dbg ${placeText(place)}`,
    `  call void @helper(ptr ${nameText(first)})`,
  ].join('\n');

describe('a body', () => {
  it('is the same again when its gaps are filled', () => {
    const text = body('AT_calls', DATA[2] ?? '', 7, 12);
    const shaped = takeShape(text, dataNamed);
    expect(shaped).toMatchObject({ symbols: ['AT_calls', DATA[2]], sites: [7], places: [12, 13] });
    expect(fillShape(shaped)).toBe(text);
  });

  it('has the shape of others with other variables, sites and places', () => {
    const [one, other] = [body('AT_calls', 'AT_sizes', 1, 2), body('AT_sizes', 'AT_calls', 30, 40)];
    expect(takeShape(one, dataNamed).shape).toBe(takeShape(other, dataNamed).shape);
  });

  it('has a shape of its own where one variable stands for two', () => {
    const [one, other] = [body('AT_calls', 'AT_sizes', 1, 2), body('AT_calls', 'AT_calls', 1, 2)];
    expect(takeShape(one, dataNamed).shape).not.toBe(takeShape(other, dataNamed).shape);
  });

  it('keeps the names of functions', () => {
    const names: string[] = [];
    const text = body('AT_calls', 'AT_sizes', 1, 2);
    const { shape } = takeShape(text, dataNamed, (name) => names.push(name));
    expect(shape).toContain('call void @helper(');
    expect(names).toEqual(['bpfscript.site.1.load.8.32', 'helper']);
  });
});
