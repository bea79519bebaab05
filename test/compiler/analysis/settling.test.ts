/** Types that follow from themselves: they get a top, or are a mistake, and long chains come to their end. */
import { describe, it } from 'vitest';
import { expectError, expectTypes } from './expect.ts';

const CHAIN = Array.from({ length: 200 }, (_unused, index) => `@c${index} = @c${index + 1};`);

describe('types that follow from each other', () => {
  it('a chain of maps has the type at its end, however long it is', () => {
    expectTypes(`${CHAIN.join(' ')} @c200 = (uint8)1;`, { '@c0': 'uint8', '@c199': 'uint8' });
  });

  it('a string that grows by itself has room for max_strlen', () => {
    expectTypes('config = { max_strlen = 80 } begin { $x = "a"; $x = str_concat($x, "b"); }', {
      $x: 'string[80]',
    });
    expectTypes('$x = (1, "a"); $x = ($x.0, str_concat($x.1, "abc"));', {
      $x: '(int8,string[1024])',
    });
    expectTypes('$x = (n = "a"); $x = (n = str_concat($x.n, "abc"));', { $x: '(n=string[1024])' });
  });

  it('strings that take each other do not double without end', () => {
    expectTypes('@y = "a"; @y = str_concat(@y, @x[@y]); @x[@y] = @y;', {
      '@y': 'string[1024]',
      '@x': 'string[1024] -> string[1024]',
    });
  });

  it('a string that does not grow keeps its size', () => {
    expectTypes('$x = "abc"; $x = $x; @y = str_concat($x, "d"); @z = @y;', {
      $x: 'string[4]',
      '@z': 'string[5]',
    });
  });

  it('a map whose keys are its values says what does not fit', () => {
    expectError(
      '@x[@x[1]] = "abc";',
      "Argument mismatch for @x: trying to access with arguments: 'string[4]' when map expects arguments: 'int8'",
      '@x[1]',
    );
    expectError('@x[@y] = "abc"; @y = @x["abc"]; @y = 1;', 'Type mismatch for @y', '1');
  });

  it('tuples and records that hold themselves say what does not fit', () => {
    expectError('$x = (1, 1); $x = ($x, $x);', 'Type mismatch for $x', '($x, $x)');
    expectError('@x = (a = 1); @x = (a = @x);', 'Type mismatch for @x', '(a = @x)');
  });
});
