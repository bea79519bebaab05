/** Lists of probes: what they become, and what is said of them. */
import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { printDiagnostic } from '../../../compiler/source/render/text.ts';
import { readElf } from '../../../linker/elf/read.ts';
import { kernelDescription } from '../../support/build.ts';

const ENABLED = 'config = { unstable_probe_lists = enable }\n';

function compiled(script: string) {
  return compile(
    { name: 'a.bt', text: `${ENABLED}${script}` },
    { kernel: kernelDescription(), unsafe: false, environment: {} },
  );
}

/** `message @ text` of each diagnostic. */
function told(script: string): readonly string[] {
  const { diagnostics } = compiled(script);
  const text = `${ENABLED}${script}`;
  return diagnostics.map(
    ({ message, range }) => `${message} @ ${range ? text.slice(range.start, range.end) : ''}`,
  );
}

function printed(script: string): string {
  const { diagnostics, sources } = compiled(script);
  return diagnostics.map((each) => printDiagnostic(each, sources, { color: false })).join('');
}

/** Names of the probes. */
function names(script: string): readonly string[] {
  const { typed, diagnostics } = compiled(script);
  expect(diagnostics).toEqual([]);
  return (typed?.probes ?? []).map(({ target }) => target.name);
}

/** The code of each program, by section and symbol. */
function programs(script: string): readonly (readonly [string, string])[] {
  const { object, diagnostics } = compiled(script);
  expect(diagnostics).toEqual([]);
  const elf = readElf(object?.() ?? new Uint8Array());
  return elf.sections
    .filter(({ flags, data }) => (flags & 4) !== 0 && data.length > 0)
    .map(({ name, data }) => [name, Buffer.from(data).toString('hex')] as const);
}

describe('a list of probes', () => {
  it('has them once for each element, in its order', () => {
    expect(
      names(
        'for $f : ("a", "b") { uprobe:/bin/x:$f { print($f); } uretprobe:/bin/x:$f { print($f); } }',
      ),
    ).toEqual(['uprobe:/bin/x:a', 'uretprobe:/bin/x:a', 'uprobe:/bin/x:b', 'uretprobe:/bin/x:b']);
  });

  it('gives values to every part of an attach point, with or without other text', () => {
    expect(
      names(
        'for ($p, $f, $n : (("uprobe", "read", 8), ("u", "pre_a", 0x10))) { $p:/bin/$f:$f+$n { print($n); } }',
      ),
    ).toEqual(['uprobe:/bin/read:read+8', 'uprobe:/bin/pre_a:pre_a+16']);
    expect(names('for $n : (1, 2) { interval:s:$n { print($n); } }')).toEqual([
      'interval:s:1',
      'interval:s:2',
    ]);
  });

  it('keeps positional parameters, and names in quotes', () => {
    const { typed } = compiled(
      'for $f : ("a_function", "b") { uprobe:/bin/$1/$f.$2:"$f" { print($f); } }',
    );
    expect(typed?.probes.map(({ target }) => target.name)).toEqual([
      'uprobe:/bin/$1/a_function.$2:$f',
      'uprobe:/bin/$1/b.$2:$f',
    ]);
  });

  it('may stand in another one', () => {
    expect(
      names(
        'for $a : ("x", "y") { begin { print($a); } for $b : (1, 2) { interval:s:$b { print(($a, $b)); } } }',
      ),
    ).toEqual([
      ...['begin', 'interval:s:1', 'interval:s:2', 'begin', 'interval:s:1', 'interval:s:2'],
    ]);
    expect(
      names(
        'for $a : ("lib", "bin") { for $b : ("x", "y") { uprobe:/$a/$b:$b$a { print($a); } } }',
      ),
    ).toEqual([
      ...['uprobe:/lib/x:xlib', 'uprobe:/lib/y:ylib', 'uprobe:/bin/x:xbin', 'uprobe:/bin/y:ybin'],
    ]);
  });

  it('becomes the same code as the text written out', () => {
    const functions = ['open', 'close', 'read', 'write'];
    const probes = (f: string, text: string, n: number) => `uprobe:/bin/x:${f} /tid != ${n}/ {
        print((ts = nsecs, point = ${text}, flow = arg0)); @[${text}] = sum(${n}); }
      uretprobe:/bin/x:${f} { printf("%s %d\\n", ${text}, -${n}); if (${text} == "read") { @n++ } }`;
    const list = functions.map((f, index) => `("${f}", ${index + 3})`).join(', ');
    const listed = `for $f, $n : (${list}) { ${probes('$f', '$f', 0).replaceAll(/\b0\b/g, '$n').replaceAll('arg$n', 'arg0')} }`;
    const written = functions.map((f, index) => probes(f, `"${f}"`, index + 3)).join('\n');
    const code = programs(listed);
    expect(code.filter(([name]) => name !== '.text')).toHaveLength(8);
    expect(code).toEqual(programs(written));
  });

  it('is one program where the block is the same for all functions', () => {
    const { typed, diagnostics } = compiled(
      'for $f : ("a", "b", "c") { uprobe:/bin/x:$f, uretprobe:/bin/y:$f { @[probe, func] = count(); } }',
    );
    expect(diagnostics).toEqual([]);
    const served = typed?.probes.map(({ target, others }) => [
      target.name,
      ...(others ?? []).map((other) => other.target.name),
    ]);
    expect(served).toEqual([
      ['uprobe:/bin/x:a', 'uprobe:/bin/x:b', 'uprobe:/bin/x:c'],
      ['uretprobe:/bin/y:a', 'uretprobe:/bin/y:b', 'uretprobe:/bin/y:c'],
    ]);
  });

  it.each([
    ['of other attach points', 'uprobe:/bin/x:pre_$f { }'],
    ['that quotes keep as they are', 'uprobe:/bin/x:"$f" { }'],
    ['of other providers', 'usdt:/bin/x:$f { }'],
    ['with names of their own', 'named=uprobe:/bin/x:$f { }'],
    ['that ask for addresses of the program', 'uprobe:/bin/x:$f { print(uaddr("main")); }'],
    ['that differ', 'uprobe:/bin/x:$f { print($f); }'],
  ])('is a program for each of functions %s', (_, probe) => {
    const { typed } = compiled(`for $f : ("a", "b", "c") { ${probe} }`);
    expect(typed?.probes.map(({ others }) => others)).toEqual([undefined, undefined, undefined]);
  });

  it('is a program for each of patterns and places within functions', () => {
    const { typed } = compiled('for $f : ("a", "b*", "c", "d+8", "a") { uprobe:/bin/x:$f { } }');
    expect(typed?.probes.map(({ target, others }) => [target.name, others?.length ?? 0])).toEqual([
      ['uprobe:/bin/x:a', 2],
      ['uprobe:/bin/x:b*', 0],
      ['uprobe:/bin/x:d+8', 0],
    ]);
  });

  it('is a program for each file, whose types the block may name', () => {
    const { typed } = compiled(
      'for $l, $f : (("x", "a"), ("y", "a"), ("x", "b")) { uprobe:/bin/$l:$f { } }',
    );
    expect(typed?.probes.map(({ target, others }) => [target.name, others?.length ?? 0])).toEqual([
      ['uprobe:/bin/x:a', 1],
      ['uprobe:/bin/y:a', 0],
    ]);
  });

  it('gives literals to macros and to what wants them', () => {
    expect(
      names(
        'macro bounded(@m, a, n) { @m[a] = sum(n); } for $f, $n : (("a", 10), ("b", 20)) { uprobe:/bin/x:$f { bounded(@h, $f, $n); unroll($n) { @++; } } }',
      ),
    ).toHaveLength(2);
  });
});

describe('a mistake in a list of probes', () => {
  it('has a place in the script and one in the list', () => {
    expect(
      printed(`for $f, $n : (
	("open", 1),
	("close", "two")
)
{
	uprobe:/bin/x:$f { @last = $n; }
}
`),
    ).toBe(`a.bt:7:29-31: ERROR: Type mismatch for @last: trying to assign value of type 'string[4]' when map already has a type 'int8'
    uprobe:/bin/x:$f { @last = $n; }
                               ~~
a.bt:4:2-18: expanded from
    ("close", "two")
    ~~~~~~~~~~~~~~~~
`);
  });

  it('is told once where all elements have it', () => {
    const list = 'for $f : ("a", "b", "c") {';
    const probe = 'uprobe:/bin/x:$f { print(($f, pidd)); }';
    const text = printed(`${list}\n${probe}\n${probe} }`);
    expect(text.match(/ERROR/g)).toHaveLength(2);
    expect(text.match(/HINT: The same holds for 2 other elements of the list\./g)).toHaveLength(2);
    expect(text.match(/expanded from\nfor \$f : \("a", "b", "c"\) \{\n {10}~~~\n/g)).toHaveLength(
      2,
    );
    const others = printed(
      `macro m(a) { print(a + pidd); }\n${list}\nuprobe:/bin/x:$f { m($f);\nm($f); } }`,
    );
    expect(others.match(/ERROR: Unknown identifier: 'pidd'/g)).toHaveLength(2);
  });

  it('may be the number of values, or a lack of them or of probes', () => {
    expect(told('for $f, $n : (("a", 1), "b", ("c", 2, 3)) { uprobe:/bin/x:$f { } }')).toEqual([
      'The list has 2 variables, and this element 1 value @ "b"',
      'The list has 2 variables, and this element 3 values @ ("c", 2, 3)',
    ]);
    expect(told('for $f : () { uprobe:/bin/x:$f { } }')).toEqual([
      'The list is empty, so its probes never are @ for $f : () { uprobe:/bin/x:$f { } }',
    ]);
    expect(told('for $f : ("a") { } begin { }')).toEqual([
      'The list has no probes @ for $f : ("a") { }',
    ]);
  });

  it('may be a variable that no list gives', () => {
    expect(told('uprobe:/bin/x:$f { } for $f : ("a") { uprobe:/bin/$g:$f { } }')).toEqual([
      '$f is no variable of a list that the probe stands in @ $f',
      '$g is no variable of a list that the probe stands in @ $g',
    ]);
    expect(printed('for $f : ("a") { uprobe:/bin/x:$f_end { print($f); } }')).toContain(
      'HINT: Text behind $f stands in double quotes: $f"_end".',
    );
    expect(told('for $f : ("a") { begin { print($f); } } end { print($f); }')).toEqual([
      'Undefined or undeclared variable: $f @ $f',
    ]);
  });

  it('may be one that is declared or assigned again', () => {
    expect(
      told(
        'for $f, $f : (("a", "b"),) { for $f : ("c") { uprobe:/bin/x:$f { $f = 1; $f++; let $f = 2; for $f : 0..2 { } } } }',
      ),
    ).toEqual([
      '$f is a variable of this list already @ $f',
      '$f is a variable of this list already @ $f',
      '$f stands for a value of the list, which cannot be assigned @ $f',
      '$f stands for a value of the list, which cannot be assigned @ $f',
      'Variable declaration shadows that of the list: $f @ $f',
      'Variable declaration shadows that of the list: $f @ $f',
    ]);
  });

  it('may be its length, which has a limit', () => {
    const many = Array.from({ length: 150 }, (_, index) => index + 1).join(', ');
    expect(
      told(
        `for $a : (${many}) { for $b : (${many}) { interval:s:$a { print($b); } } }
         for $c : (1, 2) { interval:s:$c { } }`,
      ).map((each) => each.replace(/ @ .*/s, '')),
    ).toEqual(['The lists of the script make more than 20000 probes']);
    const points = Array.from({ length: 2000 }, () => 'uprobe:/bin/x:$f');
    expect(
      told(`for $f : (${'"a", '.repeat(20_000)}) { ${points.join(', ')} { } }`).map((each) =>
        each.replace(/ @ .*/, ''),
      ),
    ).toEqual(['The lists of the script make more than 20000 probes']);
  });

  it('may be anything else than a probe', () => {
    expect(told('for $f : ("a") { macro m() { } } begin { }')).toEqual([
      "syntax: expected a probe, found 'macro' @ macro",
    ]);
    expect(told('for $f : @m { begin { } }')).toEqual([
      'syntax: probes are made for the values of a list, such as ("open", "close") @ @m',
    ]);
    expect(told('for $f : (pid) { begin { } }')).toEqual([
      'syntax: expected a string, an integer, or several of them in parentheses @ pid',
    ]);
    expect(
      told('for $f : ("a") { begin { +; } end { - } } begin { * } for $g : ("a") { begin { }'),
    ).toEqual(["syntax: expected a statement, found '+' @ +"]);
  });
});
