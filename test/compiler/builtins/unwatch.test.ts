import { expect, it } from 'vitest';
import { build } from '../../support/build.ts';
import { interpret } from '../../support/interpreter.ts';
import { firstCall } from './uses.ts';

it('unwatch tells the loader an address', () => {
  const machine = interpret(build('begin { unwatch(0x123456789abc); unwatch((int8 *)7); }'));
  machine.run();
  expect(machine.sent()).toEqual([
    { kind: 'unwatch', values: [0x123456789abcn] },
    { kind: 'unwatch', values: [7n] },
  ]);
});

it('unwatch needs the loader', () => {
  expect(firstCall('unwatch(1);').traits.needsLoader).toBe(
    'Without a path to pin it at, an iterator can use it.',
  );
});
