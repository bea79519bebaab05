import { describe, expect, it } from 'vitest';
import { analysed, expectError, expectWarning, typed } from './expect.ts';

function config(block: string, environment: Readonly<Record<string, string>> = {}) {
  return typed(`config = { ${block} } begin { }`, { environment }).config;
}

describe('the config block', () => {
  it('is not needed', () => {
    expect(typed('begin { }').config).toMatchObject({
      license: 'GPL',
      maxStrlen: 1024,
      maxMapKeys: 4096,
      onStackLimit: 64,
      stackMode: 'bpftrace',
      printMapsOnExit: true,
      missingProbes: 'error',
      strTruncTrailer: '..',
      maxCatBytes: 10240,
      perfRbPages: 0,
      maxProbes: 1024,
      maxBpfProgs: 1024,
      logSize: 1_000_000,
      cppDemangle: true,
      cacheUserSymbols: 'PER_PID',
      lazySymbolication: false,
      showDebugInfo: true,
      unstable: {
        tseries: 'warn',
        dwUstack: 'warn',
        importStatement: 'error',
        typeinfo: 'error',
      },
    });
  });

  it('[CFG-016] [CFG-017] [CFG-020] [CFG-022] [CFG-023] sets all kinds of values', () => {
    expect(
      config(
        'max_strlen = 64; missing_probes = "warn"; print_maps_on_exit = false; stack_mode = perf; str_trunc_trailer = "";',
      ),
    ).toMatchObject({
      maxStrlen: 64,
      missingProbes: 'warn',
      printMapsOnExit: false,
      stackMode: 'perf',
      strTruncTrailer: '',
    });
  });

  it('[CFG-002] accepts keys in upper case and with the prefix', () => {
    expect(config('MAX_STRLEN = 64; BPFTRACE_MAX_MAP_KEYS = 5')).toMatchObject({
      maxStrlen: 64,
      maxMapKeys: 5,
    });
  });

  it('[CFG-001] yields to the environment', () => {
    expect(config('max_strlen = 64', { BPFTRACE_MAX_STRLEN: '32' }).maxStrlen).toBe(32);
    expect(config('', { BPFTRACE_PRINT_MAPS_ON_EXIT: '0' }).printMapsOnExit).toBe(false);
    expectError('begin { }', 'BPFTRACE_MAX_STRLEN: invalid value', undefined, {
      environment: { BPFTRACE_MAX_STRLEN: 'many' },
    });
  });

  it('[CFG-003] [CFG-006] knows its keys', () => {
    expectError(
      'config = { max_strln = 5 } begin { }',
      'max_strln: not a known configuration option',
      'max_strln',
    );
    expectError(
      'config = { vmlinux = "x" } begin { }',
      'vmlinux can only be set as an environment variable',
    );
  });

  it('[CFG-004] [CFG-005] [TYP-087] accepts older keys with a warning', () => {
    expectWarning(
      'config = { symbol_source = "dwarf" } begin { }',
      'symbol_source is deprecated and has no effect',
    );
    expectWarning(
      'config = { strlen = 5 } begin { }',
      'strlen has been renamed, please use max_strlen',
    );
    expect(config('no_cpp_demangle = true').cppDemangle).toBe(false);
    expect(config('map_keys_max = 7').maxMapKeys).toBe(7);
  });

  it('[CFG-010] checks values', () => {
    expect(config('license = "Dual BSD/GPL"').license).toBe('Dual BSD/GPL');
    expectError('config = { license = "MIT" } begin { }', 'expected one of GPL');
    expectError('config = { max_strlen = "a" } begin { }', 'expected an unsigned integer');
    expectError('config = { max_strlen = 0 } begin { }', 'out of range');
    expectError('config = { missing_probes = "no" } begin { }', 'expected one of error, warn');
    expectError('config = { print_maps_on_exit = 5 } begin { }', 'expected a boolean');
    expectError('config = { stack_mode = 5 } begin { }', 'expected one of bpftrace');
  });

  it('[CFG-012] [PRB-063] limits the number of programs', () => {
    expectError(
      'config = { max_bpf_progs = 1 } begin { } end { }',
      'Your program is trying to generate more than 2 BPF programs, which exceeds the current limit of 1',
    );
    expect(config('max_bpf_progs = 1').maxBpfProgs).toBe(1);
    expect(analysed('config = { max_bpf_progs = 2 } begin { } end { }').diagnostics).toEqual([]);
  });
});
