/** Pinned iterators: what the kernel formats, and what it cannot. */

import { describe, expect, it } from 'vitest';
import { kernelFormats } from '../../../compiler/lowering/pinned.ts';
import { build } from '../../support/build.ts';
import { errors } from '../../support/diagnostics.ts';

function formats(format: string): readonly string[] {
  return kernelFormats(format).map((chunk) => `${chunk.format}|${chunk.values.join()}`);
}

describe('formats of pinned iterators', () => {
  it('say the size of numbers, and pointers as they are', () => {
    expect(formats('a %d %5hx|%-08.3lu %c %p\n')).toEqual([
      'a %lld %5llx|%-08llu %c 0x%llx\n|0,1,2,3,4',
    ]);
  });

  it('are split where the kernel would refuse them', () => {
    expect(formats('%skB %s.%s%d')).toEqual(['%s|0', 'kB %s.%s%lld|1,2,3']);
    expect(formats('%d \x1b[1m%d')).toEqual(['%lld|0', ' \x1b[1m|', '%lld|1']);
    expect(formats('%d'.repeat(13))).toEqual([
      `${'%lld'.repeat(12)}|0,1,2,3,4,5,6,7,8,9,10,11`,
      '%lld|12',
    ]);
  });

  it('keep percent signs', () => {
    expect(formats('100%')).toEqual(['100%%|']);
    expect(formats('%d%% of 100%\n')).toEqual(['%lld%% of 100%%\n|0']);
  });
});

describe('a pinned iterator', () => {
  const refused = (body: string) => errors(`iter:task:tasks { ${body} }`);
  const call = (name: string, text: string) =>
    `${name}() cannot be used in a pinned iterator: no loader is there when it runs @ ${text}`;

  it('refuses what the loader does', () => {
    expect(refused('print(1);')).toEqual([call('print', 'print(1)')]);
    expect(refused('@ = 1; print(@);')).toEqual([call('print', 'print(@)')]);
    expect(refused('@[1] = 1; clear(@); if (1) { exit(2); }')).toEqual([
      call('clear', 'clear(@)'),
      call('exit', 'exit(2)'),
    ]);
    expect(refused('time("x"); cat("/x"); errorf("x");')).toHaveLength(3);
  });

  it('refuses what the kernel does not format', () => {
    const message = 'printf: the kernel, which prints of a pinned iterator, does not know';
    expect(refused('printf("%o", 1);')).toEqual([`${message} %o @ 1`]);
    expect(refused('printf("%#x %d", 1, 2);')).toEqual([`${message} %#x @ 1`]);
    expect(refused('printf("%s", (1, 2));')[0]).toContain(`${message} %s of type`);
    expect(refused('printf("%s", kstack);')[0]).toContain(`${message} %s of type`);
    expect(refused('printf("%r", buf("x", 1));')[0]).toContain(`${message} %r`);
    expect(refused('printf("%20p", 1);')).toEqual([`${message} %20p @ 1`]);
  });

  it('has one path', () => {
    const message = 'iter should specify an iterator, and perhaps a path to pin it at';
    expect(errors('iter:task:a:b { }')).toEqual([`${message} @ iter:task:a:b`]);
    expect(errors('iter:task: { }')).toEqual([`${message} @ iter:task:`]);
    expect(() => build('iter:task:/sys/fs/bpf/a { printf("%d\\n", ctx.task.pid); }')).not.toThrow();
  });
});
