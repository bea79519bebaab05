/** Structs, unions and enums that scripts define themselves, read from a program that has them. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { type RunOptions, run, WORKLOAD } from '../support/run.ts';

const SHAPES = `
enum colour { RED, GREEN = 5, BLUE = 7 };
struct shapes {
  char name[8];
  char full[4];
  unsigned int low : 3;
  unsigned int middle : 11;
  int negative : 5;
  enum colour colour;
  struct { short x; short y; } point;
  union { unsigned int word; unsigned char bytes[4]; };
  struct { long first; struct { long second; }; };
  const char *text;
  struct shapes *next;
  int numbers[3];
  enum colour colours[2];
};
struct __attribute__((packed)) packed {
  char tag;
  int value;
  unsigned long long a : 3;
  unsigned long long b : 62;
  long long c : 7;
  short last;
};
`;

/** What a body prints once in a call of workload_shapes(struct shapes *, struct packed *, colour). */
async function printed(body: string, options: RunOptions & { preamble?: string } = {}) {
  const script = `${options.preamble ?? SHAPES}
uprobe:${WORKLOAD}:workload_shapes { ${body} exit(); }`;
  const result = await run(script, { workload: 'shapes 1', signal: 'none', ...options });
  expect(result.stderr).toBe('Attached 1 probe\n');
  expect(result.status).toBe(0);
  // exit() ends the output with two line feeds, before the maps.
  return result.stdout.replace(/\n\n$/, '');
}

needs('root').describe('definitions of C', () => {
  it('[GRM-007] read members of a struct, of one inside it, and of one that it points to', async () => {
    const out = await printed(`
      $s = (struct shapes *)arg0;
      printf("%s %d %d\\n", $s->name, $s.point.x, $s.point.y);
      printf("%s %s %d\\n", str($s.text), $s.next.name, $s->next->first);
      printf("%d %d %d\\n", $s.numbers[0], $s.numbers[2], $s.colours[1]);
      $c = $s.colours; print($c); print($s.colours[0]); @[$c] = 1;`);
    expect(out).toBe(
      'first -3 4\npointed to second 42\n10 30 0\n[GREEN,RED]\nGREEN\n\n\n@[[GREEN,RED]]: 1\n',
    );
  });

  it('[GRM-008] read the members of a union from the same bytes', async () => {
    const out = await printed(
      '$v = (union view *)(arg0 + 20); printf("%x %x %d\\n", $v.word, $v.halves[1], $v.bytes[3]);',
      {
        preamble:
          'union view { unsigned int word; unsigned short halves[2]; unsigned char bytes[4]; };',
      },
    );
    expect(out).toBe('4fffd 4 0\n');
  });

  it('[GRM-009] give enumerators as identifiers and print them by name', async () => {
    const out = await printed(`
      $c = ((struct shapes *)arg0).colour;
      printf("%d %d %s %s\\n", BLUE, $c, $c, GREEN);
      print($c); print((enum colour)arg2); print($c == BLUE);
      @[$c] = count();`);
    expect(out).toBe('7 7 BLUE GREEN\nBLUE\nGREEN\ntrue\n\n\n@[BLUE]: 1\n');
  });

  it('[GRM-010] lay packed structs out as their attribute says', async () => {
    const out = await printed(`
      $p = (struct packed *)arg1;
      printf("%c %d %d %d\\n", $p.tag, $p.value, $p.last, sizeof(struct packed));`);
    expect(out).toBe('p -123456 -2 16\n');
  });

  it('[GRM-011] read members of anonymous structs and unions as the own ones', async () => {
    const out = await printed(`
      $s = (struct shapes *)arg0;
      printf("%x %d %d\\n", $s.word, $s.bytes[0], $s.bytes[3]);
      printf("%d %lld\\n", $s.first, $s.second);`);
    expect(out).toBe('1020304 4 1\n-1 1099511627776\n');
  });

  it('[GRM-012] cut bitfields out with their sign, also over nine bytes', async () => {
    const out = await printed(`
      $s = (struct shapes *)arg0; $p = (struct packed *)arg1;
      printf("%d %d %d\\n", $s.low, $s.middle, $s.negative);
      printf("%d %llx %d\\n", $p.a, $p.b, $p.c);`);
    expect(out).toBe('5 1234 -7\n5 123456789abcdef -33\n');
  });

  it('[TYP-034] have room for a NUL behind a char array, which those of the kernel have inside', async () => {
    const out = await printed(`
      $s = (struct shapes *)arg0;
      printf("%s %d %d\\n", $s.full, sizeof($s.full), sizeof($s.name));
      printf("%d\\n", sizeof(curtask.comm));`);
    expect(out).toBe('full 5 9\n16\n');
  });

  it('[TYP-085] have values of 64 bits, whatever the size of the enum', async () => {
    const out = await printed(
      `printf("%lld %llu %d %d\\n", BIG, LARGE, NEGATIVE, sizeof(enum big));
       print(BIG); print((enum sign)-1); print(FEW); printf("%d\\n", FEW + 1);`,
      {
        preamble: `enum big { SMALL = 1, BIG = 0x123456789abcULL, LARGE = 0xffffffffffffffffULL };
          enum sign { NEGATIVE = -1, POSITIVE };
          enum { FEW = 3 };`,
      },
    );
    expect(out).toBe('20015998343868 18446744073709551615 -1 8\nBIG\nNEGATIVE\nFEW\n4\n');
  });

  it('print whole structs, member by member, with bitfields and arrays', async () => {
    const out = await printed(`
      print(*(struct packed *)arg1);
      print(*((struct shapes *)arg0).next);`);
    expect(out).toBe(
      `{ .tag = 112, .value = -123456, .a = 5, .b = 81985529216486895, .c = -33, .last = -2 }
{ .name = second, .full = , .low = 0, .middle = 0, .negative = 0, .colour = RED, .point = { .x = 0, .y = 0 }, .word = 0, .bytes = [0,0,0,0], .first = 42, .second = 0, .text = 0x0, .next = 0x0, .numbers = [0,0,0], .colours = [RED,RED] }
`,
    );
  });

  it('keep structs in maps, with their members', async () => {
    const out = await printed(`
      @s = *(struct shapes *)arg0; @p[1] = *(struct packed *)arg1;
      printf("%s %s %d %d\\n", @s.name, @s.full, @s.negative, @s.point.x);
      printf("%d %llx %d %d\\n", @p[1].value, @p[1].b, @p[1].c, @p[1].last);
      clear(@s); clear(@p);`);
    expect(out).toBe('first full -7 -3\n-123456 123456789abcdef -33 -2\n');
  });

  it('index arrays of structs and of texts, flexible arrays, and pointers', async () => {
    const out = await printed(
      `$v = (struct view *)arg0;
       printf("%c%c %s %c\\n", $v.pairs[0].a, $v.pairs[1].b, $v.rows[1], $v.rest[3]);
       $i = 1; printf("%c %c\\n", $v.pairs[$i].a, ((struct pair *)arg0)[$i].b);
       printf("%d %d\\n", offsetof(struct view, rest), offsetof(struct shapes, point.y));
       print($v.pairs); print(*(struct pair *)arg0);`,
      {
        preamble: `${SHAPES}
          struct pair { unsigned char a, b; };
          struct view { struct pair pairs[2]; char rows[2][4]; char rest[]; };`,
      },
    );
    // The bytes are "first\\0\\0\\0full", then bitfields.
    expect(out.split('\n').slice(1)).toEqual([
      'r s',
      '12 22',
      '[{ .a = 102, .b = 105 },{ .a = 114, .b = 115 }]',
      '{ .a = 102, .b = 105 }',
      '',
    ]);
    expect(out).toMatch(/^fs full/);
  });

  it('read bitfields of bool and of enums, and compare and key them', async () => {
    const out = await printed(
      `$v = (struct view *)arg0;
       print($v.f); print($v.t); print($v.c); printf("%s %d\\n", $v.c, $v.c);
       if ($v.t) { printf("true\\n"); } if ($v.c == SIX) { printf("six\\n"); }
       @[$v.c, $v.t] = count(); print(*$v);`,
      {
        // The first byte is 'f', 0x66.
        preamble:
          'enum digit { ZERO, SIX = 6 }; struct view { _Bool f : 1; _Bool t : 1; unsigned pad : 2; enum digit c : 4; };',
      },
    );
    expect(out).toBe(
      'false\ntrue\nSIX\nSIX 6\ntrue\nsix\n{ .f = false, .t = true, .pad = 1, .c = SIX }\n\n\n@[SIX, true]: 1\n',
    );
  });
});

needs('root').describe('macros and headers of C', () => {
  const folder = temporaryFolder();
  const header = join(folder, 'shapes.h');
  writeFileSync(
    header,
    `#define FIRST_LETTER(s) (s)[0]\n#define LIMIT 3\n${SHAPES}
typedef struct packed packed_t;\n`,
  );
  const path = join(folder, 'script.bt');

  it('[GRM-003] put the value of a macro in its place', async () => {
    const out = await printed(
      'printf("%d %s %d %d\\n", TWICE, NAME, -N, WHICH); if (pid == SELF) { printf("self\\n"); }',
      {
        preamble: `#define N 0x10
#define TWICE (N * 2)
#define NAME "a name"
#define WHICH (N > 3 ? N : 3)
#define SELF pid`,
      },
    );
    expect(out).toBe('32 a name -16 16\nself\n');
  });

  it('[GRM-005] read structs of an included header', async () => {
    const out = await printed(
      'printf("%s %d %d %d\\n", ((struct shapes *)arg0).name, ((packed_t *)arg1).value, LIMIT, GREEN);',
      { preamble: '#include "shapes.h"', path },
    );
    expect(out).toBe('first -123456 3 5\n');
  });

  it('have constants of headers that are not installed', async () => {
    const out = await printed(
      'printf("%d %d %d %d %s\\n", AF_INET6, -ENOENT, AT_FDCWD, OWN, ((struct link *)arg0).name);',
      {
        preamble:
          '#include <net/not_installed.h>\n#define OWN (IPPROTO_UDP + 1)\nstruct link { char name[DT_DIR]; };',
      },
    );
    expect(out).toBe('10 -2 -100 18 firs\n');
  });

  it('[GRM-006] take the branch for kernels with BTF', async () => {
    const out = await printed('printf("%d\\n", N);', {
      preamble:
        '#ifndef BPFTRACE_HAVE_BTF\n#define N 1\n#endif\n#ifdef BPFTRACE_HAVE_BTF\n#define N 2\n#endif',
    });
    expect(out).toBe('2\n');
  });

  it('[GRM-017] read structs of an imported header', async () => {
    const out = await printed('printf("%d %d\\n", ((struct packed *)arg1).value, LIMIT);', {
      preamble: 'import "shapes.h";',
      path,
    });
    expect(out).toBe('-123456 3\n');
  });

  it('read user memory that a system call is given', async () => {
    const { stdout } = await run(
      `struct text { char head[4]; char tail; }
       tracepoint:syscalls:sys_enter_openat /comm == "workload" && str(args.filename) == "/dev/null"/ {
         $t = (struct text *)args.filename; printf("%s %c\\n", $t.head, $t.tail);
       }`,
      { workload: 'open 1 /dev/null' },
    );
    expect(stdout).toBe('/dev /\n\n\n');
  });

  it('read kernel memory at fixed offsets, beside structs that follow the kernel', async () => {
    const { stdout } = await run(
      `struct name { char head[4]; char rest[12]; }
       tracepoint:raw_syscalls:sys_enter /comm == "workfixed" && args.id == 110/ {
         $n = (struct name *)((uint64)curtask + offsetof(struct task_struct, comm));
         printf("%s %s %s\\n", $n.head, $n->rest, curtask.comm);
       }`,
      { workload: 'comm workfixed getppid 1', kernel: 'host' },
    );
    expect(stdout).toBe('work fixed workfixed\n\n\n');
  });
});
