import { describe, expect, it } from 'vitest';
import { RUNTIME_MAPS } from '../../../linker/contract/maps.ts';
import { isReservedName } from '../../../linker/contract/names.ts';
import { SHARED_VARIABLES } from '../../../linker/contract/variables.ts';

describe('a name that objects keep to themselves', () => {
  it.each(Object.keys(RUNTIME_MAPS))('is that of the map %s', (name) => {
    expect(isReservedName(name)).toBe(true);
  });

  it.each(Object.values(SHARED_VARIABLES).map(({ symbol }) => symbol))(
    'is that of the variable %s',
    (symbol) => {
      expect(isReservedName(symbol)).toBe(true);
    },
  );

  it.each([
    '_license',
    'AT_x',
    'AT16_x',
    'fn_f',
    'present_AT_x',
    'param_1',
    'param_1_text',
    'option_0',
    'host_value_0',
    'control_3',
    'told_3',
    'seldom_insert',
    'familiar_stacks',
    'syscalls_tracepoint_1',
    'distance_uprobe_1_6162',
  ])('is one of those that are made of a script: %s', (name) => {
    expect(isReservedName(name)).toBe(true);
  });

  it.each(['weigh', 'eventsx', 'ATTACH', 'my_param_1', 'scratch2'])('is not %s', (name) => {
    expect(isReservedName(name)).toBe(false);
  });
});
