/** The one layout, form by form. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { format } from '../../../compiler/format/format.ts';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { expectFormatted, expectStatements, formatted } from './support.ts';

describe('a script', () => {
  it('has a line for each attach point, the predicate and the brace [CLI-022]', () => {
    expectFormatted(
      'kprobe:a,kprobe:b /pid==1/{@=count();}END{}',
      'kprobe:a,\nkprobe:b\n/pid == 1/\n{\n\t@ = count();\n}\n\nEND\n{\n}\n',
    );
  });

  it('keeps an escaped space at the end of an attach point', () => {
    expectFormatted('kprobe:a\\ {}', 'kprobe:a\\ \n{\n}\n');
  });

  it('keeps shebang and C preamble as they are', () => {
    const head =
      '#!/usr/bin/env  bpfscript\n\n#include <linux/sched.h>\n#define  A   1\nstruct x { int a;\n  int  b; };\n';
    expectFormatted(`${head}BEGIN {}`, `${head}\nBEGIN\n{\n}\n`);
  });

  it('has config, imports, map declarations, macros and functions in the same style', () => {
    expectFormatted(
      'config={a=1;b="x"}import "x.bt";let @m=hash(5);macro m($a,@b,c){$a}fn f($a:int64,$b:struct x*):int32{return 1;}BEGIN{}',
      [
        'config = {\n\ta = 1;\n\tb = "x"\n}',
        'import "x.bt";',
        'let @m = hash(5);\n',
        'macro m($a, @b, c)\n{\n\t$a\n}\n',
        'fn f($a : int64, $b : struct x *) : int32\n{\n\treturn 1;\n}\n',
        'BEGIN\n{\n}\n',
      ].join('\n'),
    );
  });

  it('has a list of probes with its braces on lines of their own', () => {
    expectFormatted(
      'for $f,$n:(("a",-1),"b",){uprobe:x:$f{@=$n;}\n// and\nfor($g:(1,2)){interval:s:$g{}}// end\n}BEGIN{}',
      [
        'for $f, $n : (("a", -1), "b",)\n{\n\tuprobe:x:$f\n\t{\n\t\t@ = $n;\n\t}\n',
        '\t// and\n\tfor ($g : (1, 2))\n\t{\n\t\tinterval:s:$g\n\t\t{\n\t\t}\n\t} // end\n}\n',
        'BEGIN\n{\n}\n',
      ].join('\n'),
    );
    const names = Array.from({ length: 12 }, (_, index) => `"function_${index}"`);
    expectFormatted(
      `for $f : (${names.join(', ')}) { interval:s:$f { } }`,
      `for $f : (${names.slice(0, 6).join(', ')},\n\t${names.slice(6).join(', ')})\n{\n\tinterval:s:$f\n\t{\n\t}\n}\n`,
    );
  });

  it('is empty when it was empty, and ends with one line feed', () => {
    expectFormatted('', '');
    expectFormatted('\n\n// only this\n\n\n', '// only this\n');
    expectFormatted('BEGIN{}\n\n\n', 'BEGIN\n{\n}\n');
  });

  it('has line feeds alone, however its lines ended', () => {
    expectFormatted(
      '#define A 1\r\n// c\r\nBEGIN {\r\n\t@ = 1; /* a\r\n * b */\r\n}\r\n',
      '#define A 1\n\n// c\nBEGIN\n{\n\t@ = 1; /* a\n\t * b */\n}\n',
    );
  });

  it('is not formatted when its syntax is wrong', () => {
    const diagnostics = new Diagnostics();
    expect(format({ name: 'x.bt', text: 'BEGIN { ( }' }, diagnostics)).toBeUndefined();
    expect(diagnostics.hasErrors).toBe(true);
  });

  it('never gets a comment out of a slash and what follows it', () => {
    expectFormatted('BEGIN / *$p == 1/ {}', 'BEGIN\n/ *$p == 1/\n{\n}\n');
    expectFormatted('BEGIN / /* c */ 1/ {}', 'BEGIN\n/ /* c */ 1/\n{\n}\n');
  });
});

describe('the page about formatting', () => {
  it('shows what the formatter writes', () => {
    const page = readFileSync('docs/formatting.md', 'utf8');
    const script = /```bt\n(#!.*?)```/s.exec(page)?.[1] ?? '';
    expect(script).toContain('kretprobe:vfs_readv');
    expectFormatted(script, script);
  });
});

describe('statements', () => {
  it('have a line each, with at most one empty line between them', () => {
    expectStatements('@a=1;@b=2;\n\n\n\n@c++;--$x', '@a = 1;\n@b = 2;\n\n@c++;\n--$x');
  });

  it('have their braces where C has them', () => {
    expectStatements(
      'if($x>1){exit();}else if comptime ($y){}else{print(1)}while $a<5{$a++;}unroll(3){@++;}',
      [
        'if ($x > 1) {\n\texit();\n} else if comptime ($y) {\n} else {\n\tprint(1)\n}',
        'while $a < 5 {\n\t$a++;\n}\nunroll(3) {\n\t@++;\n}',
      ].join('\n'),
    );
    expectStatements(
      'for($i:0..5){}for $kv:@m{break;}',
      'for ($i : 0..5) {\n}\nfor $kv : @m {\n\tbreak;\n}',
    );
  });

  it('keep blocks that are values on one line where they were and fit', () => {
    expectStatements('$x=if($y){1}else{2};', '$x = if ($y) { 1 } else { 2 };');
    expectStatements('$x={let $y=1;$y};', '$x = { let $y = 1; $y };');
    expectStatements('$x={\nlet $y=1;$y};', '$x = {\n\tlet $y = 1;\n\t$y\n};');
  });
});

describe('expressions', () => {
  it('have spaces around binary operators and behind commas only', () => {
    expectStatements(
      '@[pid,comm]=hist(-$a*(~$b+!$c)<<2);$t=(1,);$r=(a=1,b=2);$z=$a?:5;$z=$a?1:2;',
      '@[pid, comm] = hist(-$a * (~$b + !$c) << 2);\n$t = (1,);\n$r = (a = 1, b = 2);\n$z = $a ?: 5;\n$z = $a ? 1 : 2;',
    );
    expectStatements(
      '$x=((struct  x * *)arg0)->a.b [ 1 ];$y=sizeof( struct x );$z=offsetof(struct x,a . b);',
      '$x = ((struct x **)arg0)->a.b[1];\n$y = sizeof(struct x);\n$z = offsetof(struct x, a.b);',
    );
  });

  it('keep operators apart that would become another one', () => {
    expectStatements('$x=- -1;$y=- --$z;$w=&  &$v;', '$x = - -1;\n$y = - --$z;\n$w = & &$v;');
  });

  it('keep parentheses and literals as written', () => {
    expectStatements(
      '$x=((1_000))+(0xFf);@=("a\\x41\\n");',
      '$x = ((1_000)) + (0xFf);\n@ = ("a\\x41\\n");',
    );
  });

  it('break at arguments, conditions and alternatives past 100 columns', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => `$${name.repeat(38)}`);
    expectStatements(`printf("%d",${a},${b},${c});`, `printf("%d", ${a}, ${b},\n\t${c});`);
    expectStatements(`if(${a}&&${b}||${c}){}`, `if (${a} && ${b} ||\n\t\t${c}) {\n}`);
    expectStatements(`if(${a}||${b}||${c}){}`, `if (${a} ||\n\t\t${b} ||\n\t\t${c}) {\n}`);
    expectStatements(`if(${a}&&${b}&&${c}){}`, `if (${a} &&\n\t\t${b} &&\n\t\t${c}) {\n}`);
    expectStatements(`$x=${a}+${b}*${c};`, `$x = ${a} +\n\t${b} * ${c};`);
    expectStatements(`$x=${a}?${b}:${c};`, `$x = ${a}\n\t? ${b}\n\t: ${c};`);
    expectStatements(`@[${a},${b},${c}]++;`, `@[${a}, ${b},\n\t${c}]++;`);
  });

  it('fill lines of up to 100 columns, a tab being four', () => {
    const fits = `@x = $${'a'.repeat(100 - 4 - 6 - 1)};`;
    expect(formatted(`BEGIN{print("${'x'.repeat(77)}",$abcdef);}`)).toContain('", $abcdef);');
    expect(formatted(`BEGIN{print("${'x'.repeat(78)}",$abcdef);}`)).toContain('",\n\t\t$abcdef);');
    expect(formatted(`BEGIN{${fits}}`)).toContain(fits);
  });
});

describe('comments', () => {
  it('stay between attach points, predicate and block [LEX-002] [LEX-003]', () => {
    expectFormatted(
      '// head\nkprobe:a, // one\n/* two */kprobe:b // three\n// four\n/pid == 1/ /* five */ { // six\n}\n// end',
      '// head\nkprobe:a, // one\n/* two */ kprobe:b // three\n// four\n/pid == 1/ /* five */\n{ // six\n}\n// end\n',
    );
  });

  it('stay behind and before statements, and at the end of blocks', () => {
    expectStatements(
      '// first\n@a = 1; // behind\n\n/* before */ @b = 2;\nif (1) { // then\n// alone\n}\n// last\n',
      '// first\n@a = 1; // behind\n\n/* before */ @b = 2;\nif (1) { // then\n\t// alone\n}\n// last',
    );
  });

  it('have no empty line before them where they are all that a block has', () => {
    expectStatements('if (1) {\n\n// alone\n}', 'if (1) {\n\t// alone\n}');
    expectFormatted('for $f : ("a")\n{\n\n// alone\n}\n', 'for $f : ("a")\n{\n\t// alone\n}\n');
    expectFormatted(
      'config={stack_mode=perf\n// end\n}BEGIN{}',
      'config = {\n\tstack_mode = perf\n\t// end\n}\n\nBEGIN\n{\n}\n',
    );
    expectStatements('if (1) {\n@++;\n\n// last\n}', 'if (1) {\n\t@++;\n\n\t// last\n}');
  });

  it('stay inside expressions', () => {
    expectStatements('$x = 1 /* one */ + /* two */ 2;', '$x = 1 /* one */ + /* two */ 2;');
    expectStatements(
      'printf("x", // one\n2,\n// two\n3 /* three */);',
      'printf("x", // one\n\t2,\n\t// two\n\t3 /* three */);',
    );
  });

  it('are aligned when their lines begin with stars, and otherwise left alone', () => {
    expectStatements('/* a\n      * b\n  */\n@=1;', '/* a\n * b\n */\n@ = 1;');
    expectFormatted(
      'BEGIN {\n/* a\n    * b\n      c */\n@=1;}',
      'BEGIN\n{\n\t/* a\n    * b\n      c */\n\t@ = 1;\n}\n',
    );
    expectFormatted(
      'BEGIN {\n/* a\n      b */\n@=1;}',
      'BEGIN\n{\n\t/* a\n      b */\n\t@ = 1;\n}\n',
    );
  });

  it('may stand between any two tokens of a declaration [LEX-003]', () => {
    expectFormatted(
      'let/* a */@m/* b */=hash(/* c */5);fn/* d */f($x:int64):int64{}macro/* e */m(){}',
      'let /* a */ @m /* b */ = hash(/* c */ 5);\n\nfn /* d */ f($x : int64) : int64\n{\n}\n\nmacro /* e */ m()\n{\n}\n',
    );
  });
});
