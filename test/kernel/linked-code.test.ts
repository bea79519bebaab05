/** C functions in scripts: compiled objects that are imported, on the kernel. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { RUNTIME_MAPS } from '../../linker/contract/maps.ts';
import { SHARED_VARIABLES } from '../../linker/contract/variables.ts';
import { readElf } from '../../linker/elf/read.ts';
import { kernelDescription, temporaryFolder } from '../support/build.ts';
import { CLANG } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { runObject, WORKLOAD } from '../support/run.ts';

const SOURCE = join(import.meta.dirname, '../linker/imports/weigh.bpf.c');
const folder = temporaryFolder();

function compileC(name: string, text: string | undefined): void {
  const source = join(folder, name.replace(/o$/, 'c'));
  if (text === undefined) copyFileSync(SOURCE, source);
  else writeFileSync(source, text);
  const options = ['-target', 'bpf', '-mcpu=v3', '-O2', '-g', '-c', source];
  const made = spawnSync(CLANG ?? '', [...options, '-o', join(folder, name)], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
}

/** A script in the folder of the objects. */
function compiled(text: string) {
  const path = join(folder, 'script.bt');
  writeFileSync(path, text);
  return compile(
    { name: path, path, text },
    { kernel: kernelDescription('default'), unsafe: false, environment: {} },
  );
}

function errors(text: string): readonly string[] {
  return compiled(text).diagnostics.map(({ message }) => message);
}

let scripts = 0;

function build(text: string): string {
  const { object, diagnostics } = compiled(text);
  if (!object) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  scripts += 1;
  const path = join(folder, `linked${scripts}.o`);
  writeFileSync(path, object());
  return path;
}

async function printed(text: string): Promise<string> {
  const result = await runObject(build(text), { signal: 'none' });
  expect(result.status, result.stderr).toBe(0);
  return result.stdout.replace(/\n\n[\s\S]*$/, '').trimEnd();
}

needs('clang').describe('an imported object', () => {
  beforeAll(() => compileC('weigh.bpf.o', undefined));

  needs('root').describe('on the kernel', () => {
    it('[GRM-018] gives its functions, variables and constants', async () => {
      expect(
        await printed(
          `import "weigh.bpf.o";
           begin { printf("%d %d %d", weigh(2, 1), weigh(-1, 255), prime(4)); reset(); printf(" %d", weigh(0, 0)); }`,
        ),
      ).toBe('17 516 11 0');
    });

    it('has its maps beside those of the script', async () => {
      expect(
        await printed(
          `import "weigh.bpf.o";
           begin { @a[1] = visits(5); @a[2] = visits(5); printf("%d %d %d", @a[1], @a[2], visits(6)); }`,
        ),
      ).toBe('1 2 1');
    });

    it('relocates fields of kernel types, and calls back', async () => {
      expect(
        await printed(
          `import "weigh.bpf.o";
           fn add($n : uint32) : int64 { return sum_to($n) + 1; }
           begin { printf("%d %d", pid_of(curtask) == tid, add(100)); }`,
        ),
      ).toBe('1 4951');
    });

    it('gets strings by their address', async () => {
      expect(
        await printed(
          `import "weigh.bpf.o";
           begin { $s = "abc"; printf("%d %d", starts_with($s, 97), starts_with("xyz", 97)); }`,
        ),
      ).toBe('1 0');
    });

    it('gets the context of the probe', async () => {
      compileC(
        'context.bpf.o',
        'struct regs { unsigned long r[21]; }; unsigned long first(struct regs *regs) { return regs->r[14]; }',
      );
      const path = build(
        `import "context.bpf.o";
         uprobe:${WORKLOAD}:workload_target /comm == "linkedctx"/ { @[first(ctx) == arg0] = count(); }`,
      );
      const { stdout, status } = await runObject(path, { workload: 'comm linkedctx call 5 7 8' });
      expect(status).toBe(0);
      expect(stdout).toContain('@[true]: 5');
    });

    it('[GRM-018] can be C, which is compiled on the way', async () => {
      expect(await printed('import "weigh.bpf.c"; begin { printf("%d", prime(7)); }')).toBe('19');
    });
  });

  it('leaves no path of the building machine in the object', () => {
    const made = compiled('import "weigh.bpf.c"; begin { print(prime(7)); }').object?.();
    expect(Buffer.from(made ?? []).includes(folder)).toBe(false);
    expect(Buffer.from(made ?? []).includes('weigh.bpf.c')).toBe(true);
  });

  it('gives the same bytes each time', () => {
    const text = 'import "weigh.bpf.o"; begin { print(weigh(1, 2)); }';
    expect(compiled(text).object?.()).toEqual(compiled(text).object?.());
  });

  it('brings its sections, and functions that are local', () => {
    const made = compiled('import "weigh.bpf.o"; begin { print(weigh(1, 2)); }').object?.();
    const elf = readElf(made ?? new Uint8Array());
    expect(elf.sections.map(({ name }) => name)).toContain('.data');
    const weigh = elf.symbols.find(({ name }) => name === 'weigh');
    expect(weigh?.bind).toBe(0);
  });

  it('is checked for the types of arguments', () => {
    const of = (call: string) => errors(`import "weigh.bpf.o"; begin { ${call} }`);
    expect(of('print(weigh(1));')).toEqual(['weigh() requires 2 arguments (1 provided)']);
    expect(of('print(weigh("a", 1));')).toEqual([
      "Type mismatch for x of weigh(): trying to pass a value of type 'string[2]' where the function takes 'int32'",
    ]);
    expect(of('print(wiegh(1, 1));')).toEqual(["Unknown function: 'wiegh'"]);
  });

  it('must not define what is defined already', () => {
    compileC('again.bpf.o', 'int weigh(int x) { return x; } int events(int x) { return x; }');
    expect(errors('import "weigh.bpf.o"; import "again.bpf.o"; begin { }')).toEqual([
      'weigh is defined in weigh.bpf.o and in again.bpf.o',
      'again.bpf.o defines events, a name that is taken already',
    ]);
    expect(
      errors('import "weigh.bpf.o"; fn weigh($a : int64) : int64 { return $a; } begin { }'),
    ).toEqual(['Redefinition of function: weigh']);
  });

  it('names each definition that is there twice: functions, variables, constants and maps', () => {
    const twice = `int events_seen; const volatile int scale = 2;
      struct { int (*type)[1]; int (*max_entries)[4]; int *key; int *value; } weights __attribute__((section(".maps"), used));
      int total_of(int x) { return x + scale + events_seen; }`;
    compileC('first.bpf.o', twice);
    compileC('second.bpf.o', twice);
    const names = ['events_seen', 'scale', 'weights', 'total_of'];
    const told = errors('import "first.bpf.o"; import "second.bpf.o"; begin { }');
    expect(told.toSorted()).toEqual(
      names.map((name) => `${name} is defined in first.bpf.o and in second.bpf.o`).toSorted(),
    );
  });

  needs('root').it(
    'may have functions and variables of its own by names of another one',
    async () => {
      const own = (name: string, number: number) =>
        `struct pair { int a, b; };
       char LICENSE[] __attribute__((section("license"), used)) = "GPL";
       static int calls;
       static const volatile int factor = ${number};
       static __attribute__((noinline)) int scaled(struct pair *pair) { calls += ${number}; return (pair->a + pair->b) * factor + calls; }
       int ${name}(int a, int b) { struct pair pair = { a, b }; return scaled(&pair); }`;
      compileC('left.bpf.o', own('left', 10));
      compileC('right.bpf.o', own('right', 1000));
      expect(
        await printed(
          `import "left.bpf.o"; import "right.bpf.o";
         begin { printf("%d %d ", left(1, 2), right(1, 2)); printf("%d %d", left(3, 4), right(3, 4)); }`,
        ),
      ).toBe('40 4000 90 9000');
    },
  );

  const BTF_MAP =
    'struct { int (*type)[2]; int (*max_entries)[1]; int (*key)[1]; int (*value)[1]; }';

  it.each(Object.keys(RUNTIME_MAPS))('must not define the map %s, which scripts have', (name) => {
    compileC(
      'taken.bpf.o',
      `${BTF_MAP} ${name} __attribute__((section(".maps"), used)); int f(int x) { return x; }`,
    );
    expect(errors('import "taken.bpf.o"; begin { }')).toEqual([
      `taken.bpf.o defines ${name}, a name that is taken already`,
    ]);
  });

  it.each(Object.values(SHARED_VARIABLES).map(({ symbol }) => symbol))(
    'must not define the variable %s, which scripts have',
    (symbol) => {
      compileC('taken.bpf.o', `unsigned long ${symbol}; int f(int x) { return x + ${symbol}; }`);
      expect(errors('import "taken.bpf.o"; begin { }')).toEqual([
        `taken.bpf.o defines ${symbol}, a name that is taken already`,
      ]);
    },
  );

  it('must have nothing but functions, maps and variables', () => {
    const SEC = '#define SEC(n) __attribute__((section(n), used))\n';
    compileC('program.bpf.o', `${SEC} SEC("kprobe/x") int run(void *ctx) { return 0; }`);
    compileC('missing.bpf.o', 'int other(int); int f(int x) { return other(x); }');
    compileC(
      'table.bpf.o',
      'int x; int *table[2] = { &x, &x }; int f(int i) { return *table[i & 1]; }',
    );
    const of = (name: string) => errors(`import "${name}.bpf.o"; begin { }`);
    expect(of('program')).toEqual([
      'program.bpf.o has a program of its own (run in section kprobe/x): only functions can be imported',
    ]);
    expect(of('missing')).toEqual([
      'missing.bpf.o refers to other, which no imported object defines',
    ]);
    expect(of('table')).toEqual([
      'table.bpf.o has addresses as initial values in .data, which BPF does not know',
    ]);
    writeFileSync(join(folder, 'damaged.bpf.o'), 'no object');
    expect(of('damaged')).toEqual(['damaged.bpf.o: too short for an ELF header']);
  });

  needs('root').it('links with another one', async () => {
    compileC(
      'outer.bpf.o',
      'int weigh(int, unsigned char); int heavy(int x) { return weigh(x, 0) > 100; }',
    );
    const path = build(
      'import "outer.bpf.o"; import "weigh.bpf.o"; begin { printf("%d", heavy(50)); }',
    );
    const result = await runObject(path, { signal: 'none' });
    expect(result.stdout.trim()).toBe('1');
  });

  it('reports the errors of clang', () => {
    writeFileSync(join(folder, 'broken.bpf.c'), 'int f(int x)\n{\n  return y;\n}\n');
    expect(errors('import "broken.bpf.c"; begin { }')).toEqual([
      "broken.bpf.c:3:10: use of undeclared identifier 'y'",
    ]);
  });
});
