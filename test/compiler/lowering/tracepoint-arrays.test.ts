/** Arrays and texts of tracepoints whose place and length each event says, and what a tracepoint's text is copied by. */
import { describe, expect, it } from 'vitest';
import { build, kernelDescription } from '../../support/build.ts';
import { interpret } from '../../support/interpreter.ts';

const kernel = kernelDescription();

/** A context of an event, in which the fields say where their bytes are. */
function event(
  category: string,
  name: string,
  dynamic: Readonly<Record<string, readonly [at: number, bytes: Uint8Array]>>,
): Uint8Array {
  const fields = kernel.tracepoint(category, name) ?? [];
  const context = new Uint8Array(512);
  const view = new DataView(context.buffer);
  for (const [field, [at, bytes]] of Object.entries(dynamic)) {
    const found = fields.find((one) => one.name === field);
    if (!found) throw new Error(`${name} has no ${field}`);
    if (!found.dataLoc) {
      context.set(bytes, found.offset);
      continue;
    }
    const base = found.ctype.startsWith('__rel_loc') ? found.offset + found.size : 0;
    view.setUint16(found.offset, at - base, true);
    view.setUint16(found.offset + 2, bytes.length, true);
    context.set(bytes, at);
  }
  return context;
}

const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(`${value}\0`));

describe('a text of a tracepoint', () => {
  const values = ['a name', 'a name of 14..', '', 'a name'];
  const bytesOf = (value: string): Uint8Array =>
    new Uint8Array(Buffer.concat([text(value), Buffer.from('x')]).subarray(0, 16));

  it.each([
    ['sched', 'sched_process_exec', 'filename'],
    ['sched', 'sched_process_fork', 'parent_comm'],
    ['workqueue', 'workqueue_queue_work', 'workqueue'],
    ['sched', 'sched_switch', 'next_comm'],
  ])('is read to its NUL, stored, compared and sent: %s:%s.%s', (category, name, field) => {
    const own = `str(args.${field})`;
    const machine = interpret(
      build(`tracepoint:${category}:${name} {
        @s = ${own}; @k[${own}] = count(); @is = ${own} == "a name"; @l = strlen(${own}); printf("%s|", ${own});
      }`),
    );
    for (const value of values) {
      machine.run(undefined, event(category, name, { [field]: [300, bytesOf(value)] }));
      expect(['@s', '@is', '@l'].map((map) => machine.value(map))).toEqual([
        ...[value, value === 'a name', BigInt(value.length)],
      ]);
      expect(machine.sent().flatMap((sent) => sent.values)).toEqual([value]);
    }
    expect(machine.entries('@k')).toEqual([
      ['a name', 2n],
      ['a name of 14..', 1n],
      ['', 1n],
    ]);
  });

  it('of so many bytes is a value', () => {
    const machine = interpret(
      build(`tracepoint:sched:sched_switch {
        @s = args.next_comm; @k[args.next_comm, 1] = count(); @is = args.next_comm == "a name"; printf("%s|", args.next_comm);
        @both = args.next_comm == args.prev_comm; @byte = args.next_comm[1];
      }`),
    );
    for (const value of values) {
      const fields = { next_comm: [0, bytesOf(value)], prev_comm: [0, text('a name')] } as const;
      machine.run(undefined, event('sched', 'sched_switch', fields));
      expect(['@s', '@is', '@both'].map((map) => machine.value(map))).toEqual([
        ...[value, value === 'a name', value === 'a name'],
      ]);
      expect(machine.value('@byte')).toBe(BigInt(bytesOf(value)[1] ?? 0));
      expect(machine.sent().flatMap((sent) => sent.values)).toEqual([value]);
    }
    expect(machine.entries('@k')).toHaveLength(3);
  });
});

describe('an array whose length each event says', () => {
  it.each([
    ['devlink', 'devlink_hwmsg', 'buf', Uint8Array],
    ['dma', 'dma_map_sg', 'lengths', Uint32Array],
    ['dma', 'dma_map_sg', 'dma_addrs', BigUint64Array],
  ] as const)(
    'is read to its end, and nothing behind it: %s:%s.%s',
    (category, name, field, Numbers) => {
      const machine = interpret(
        build(`tracepoint:${category}:${name} {
        $i = (uint64)pid - 1234; @first = args.${field}[0]; @third = args.${field}[2]; @beyond = args.${field}[3]; @second = args.${field}[$i + 1];
        @end = args.${field}[$i + 3]; $p = args.${field}; @through = *$p;
      }`),
      );
      const numbers = [200, 7, 9];
      const made =
        Numbers === BigUint64Array
          ? new BigUint64Array(numbers.map(BigInt))
          : new Numbers(numbers as never);
      const context = event(category, name, { [field]: [304, new Uint8Array(made.buffer)] });
      context.fill(0xee, 304 + made.byteLength);
      machine.run(undefined, context);
      const names = ['@first', '@third', '@beyond', '@second', '@end', '@through'];
      expect(names.map((map) => machine.value(map))).toEqual([200n, 9n, 0n, 7n, 0n, 200n]);
    },
  );
});
