import { expect, it } from 'vitest';
import { toYaml } from '../../../compiler/deployment/yaml.ts';

it('is written in blocks, with texts that are nothing but texts', () => {
  expect(
    toYaml({
      plain: 'word-1',
      odd: ['yes', '1', '- a', '', 'a: b #c', '"\\\n\u0001', 'é'],
      empty: [],
      nothing: {},
      left: undefined,
      numbers: [1, true],
      deep: [{ a: { b: 1 }, c: [['x']] }, []],
      on: 2,
    }),
  ).toBe(`plain: word-1
odd:
  - "yes"
  - "1"
  - "- a"
  - ""
  - "a: b #c"
  - "\\"\\\\\\n\\u0001"
  - "é"
empty: []
nothing: {}
numbers:
  - 1
  - true
deep:
  - a:
      b: 1
    c:
      - - x
  - []
"on": 2
`);
});
