/** Tuples that hold structs of C have the padding that C would give, and are read back by that. */
import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

const STRUCTS = `
struct pair { char a; short b; };
struct three { char x; char y; char z; };
struct packed { char a; int b; } __attribute__((packed));
struct wide { char a; long b; };
struct nest { char c; struct pair s[2]; };
`;

needs('root').describe('a tuple with structs of C', () => {
  const printed = async (body: string) => {
    const script = `${STRUCTS}
      tracepoint:syscalls:sys_enter_write /pid == cpid/ {
        $from = uptr(args.buf);
        $pair = *(struct pair *)$from; $three = *(struct three *)$from;
        $packed = *(struct packed *)$from; $wide = *(struct wide *)$from;
        $nest = *(struct nest *)$from;
        ${body}
        exit();
      }`;
    const flags = ['-q', '-c', '/bin/echo Linux_version'];
    return (await run(script, { flags, signal: 'none' })).stdout
      .split('\n')
      .filter((line) => line !== '' && line !== 'Linux_version');
  };

  it('is as large as in C', async () => {
    const sizes = await printed(`print((
      sizeof(((uint8)1, $pair)), sizeof(((uint8)1, $three)), sizeof(((uint8)1, $packed)),
      sizeof(((uint8)1, $wide)), sizeof(((uint8)1, $nest, (uint8)1)), sizeof(($three, $three)),
      sizeof((a = (uint8)1, b = $pair, c = (uint16)1))));`);
    expect(sizes).toEqual(['(6, 4, 6, 24, 14, 6, 8)']);
  });

  it('is printed, compared, taken apart, and is key and value of maps', async () => {
    const text = Buffer.from('Linux_version');
    const pair = (at: number) => `{ .a = ${text.readInt8(at)}, .b = ${text.readInt16LE(at + 2)} }`;
    const three = '{ .x = 76, .y = 105, .z = 110 }';
    const packed = `{ .a = 76, .b = ${text.readInt32LE(1)} }`;
    const nest = `{ .c = 76, .s = [${pair(2)},${pair(6)}] }`;
    const lines = await printed(`
      print(((uint8)7, $pair, (uint8)9));
      print(((uint8)7, $three, $packed, (uint8)9, $nest));
      $all = ((uint8)7, $packed, $nest);
      print(($all.1.b, $all.2.s[1].b, $all == ((uint8)7, $packed, $nest)));
      @[(uint8)7, $three, $pair] = ((uint8)1, $packed, (uint8)3);
      @[(uint8)7, $three, $pair] = ((uint8)2, $packed, (uint8)3);`);
    expect(lines).toEqual([
      `(7, ${pair(0)}, 9)`,
      `(7, ${three}, ${packed}, 9, ${nest})`,
      `(${text.readInt32LE(1)}, ${text.readInt16LE(8)}, true)`,
      `@[7, ${three}, ${pair(0)}]: (2, ${packed}, 3)`,
    ]);
  });
});
