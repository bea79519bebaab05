/** Types as C declares them: what is written here is compiled, and has to come back. */
import { expect, it } from 'vitest';
import { definitionText, parameterText } from '../../../compiler/kernel/c-text.ts';
import { BTF_KIND } from '../../../linker/btf/btf.ts';
import { readBtf } from '../../../linker/btf/read.ts';
import { type SyntheticType, writeBtf } from '../../linker/synthetic.ts';
import { typesOfC } from '../../support/c-types.ts';
import { needs } from '../../support/needs.ts';

const DEFINITIONS = [
  `struct plain {
	int number;
	unsigned char small;
	char text[16];
	int grid[2][3];
};
`,
  `struct pointers {
	struct plain *one;
	struct plain **two;
	const char *text;
	char *const fixed;
	const char *const both;
	volatile int *busy;
	void *any;
	const void *constant;
	int *(array[4]);
	int (*of_array)[4];
	struct elsewhere *elsewhere;
	union other *other;
};
`.replace('int *(array[4])', 'int *array[4]'),
  `struct functions {
	void (*nothing)(void);
	int (*one)(struct plain *);
	long (*more)(int, ...);
	int (*array[3])(int, char *);
	void *(*result)(int);
	int (*(*deep)(int))(char);
};
`,
  `struct bits {
	unsigned int low : 3;
	int middle : 9;
	unsigned long : 52;
	int whole;
};
`.replace('\tunsigned long : 52;\n', ''),
  `struct inner {
	struct {
		int a;
		union {
			int b;
			char c;
		};
	};
	struct {
		int x;
	} named;
	enum {
		NO = 0,
		YES = 1,
	} answer;
};
`,
  `union either {
	int number;
	float real;
};
`,
  `enum colour {
	RED = 0,
	GREEN = 5,
	BLUE = 6,
};
`,
];

const KINDS = { struct: BTF_KIND.struct, union: BTF_KIND.union, enum: BTF_KIND.enum } as const;

needs('clang').it('definitions are what was compiled', () => {
  const names = DEFINITIONS.map((text) => text.split(' ', 2));
  const uses = names.map(([kind, name]) => `${kind} ${name} use_${name};`);
  const btf = readBtf(typesOfC(`${DEFINITIONS.join('')}${uses.join('\n')}`));
  const read = names.map(([kind = '', name = '']) =>
    definitionText(btf, btf.find(KINDS[kind as keyof typeof KINDS], name) ?? 0),
  );
  expect(read).toEqual(DEFINITIONS);
});

needs('clang').it('parameters are what was compiled', () => {
  const parameters = [
    'int a',
    'struct plain * p',
    'const char * text',
    'char ** list',
    'int (*run)(int)',
    'void (*done)(void)',
    'unsigned long n',
    'word typed',
    'enum colour c',
    'int (*table)[4]',
    'union either whole',
    'char *const fixed',
  ];
  const functions = parameters.map((each, index) => `int f${index}(${each}) { return 0; }`);
  const btf = readBtf(
    typesOfC(`typedef long word; ${DEFINITIONS.join('')}${functions.join('\n')}`),
  );
  const read = parameters.map((_, index) => {
    const prototype = btf.sizeOrType(btf.find(BTF_KIND.function, `f${index}`) ?? 0);
    return btf.parameters(prototype).map(({ type, name }) => parameterText(btf, type, name));
  });
  expect(read).toEqual(parameters.map((each) => [each]));
});

it('tags are left out, and qualifiers stand where they belong', () => {
  const types: readonly SyntheticType[] = [
    { kind: BTF_KIND.pointer, sizeOrType: 2 },
    { name: 'user', kind: BTF_KIND.typeTag, sizeOrType: 3 },
    { kind: BTF_KIND.const, sizeOrType: 4 },
    { name: 'char', kind: BTF_KIND.int, sizeOrType: 1, words: [(1 << 24) | 8] },
    { kind: BTF_KIND.restrict, sizeOrType: 1 },
    { kind: BTF_KIND.volatile, sizeOrType: 7 },
    { name: 'rcu', kind: BTF_KIND.typeTag, sizeOrType: 1 },
    { name: 'gone', kind: BTF_KIND.forward, sizeOrType: 0 },
  ];
  const btf = readBtf(writeBtf(types));
  const text = (id: number) => parameterText(btf, id, 'p');
  expect([1, 5, 6, 8].map(text)).toEqual([
    'const char * p',
    'const char *restrict p',
    'const char *volatile p',
    'struct gone p',
  ]);
});

it('types that never end are damage', () => {
  const pointer = readBtf(writeBtf([{ kind: BTF_KIND.pointer, sizeOrType: 1 }]));
  expect(() => parameterText(pointer, 1, 'p')).toThrow('refers to itself');
  const struct = { kind: BTF_KIND.struct, length: 1, sizeOrType: 8, words: ['m', 1, 0] };
  expect(() => definitionText(readBtf(writeBtf([struct])), 1)).toThrow('itself');
});
