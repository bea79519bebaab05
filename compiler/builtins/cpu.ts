/** cpu, ncpus and numaid. */
import { UINT32, UINT64 } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { plainValue } from './use.ts';

export const cpu: Builtin = plainValue(
  'cpu',
  UINT64,
  'Number of the CPU that the probe runs on.',
  (lowering) => lowering.call('get_smp_processor_id'),
  { steady: true },
);

export const ncpus: Builtin = plainValue(
  'ncpus',
  UINT64,
  'Number of CPUs of the machine.',
  (lowering) => lowering.ir.loadFixed(lowering.shared('cpus'), 0, 8),
);

export const numaid: Builtin = plainValue(
  'numaid',
  UINT32,
  'Number of the NUMA node that the probe runs on.',
  (lowering) => lowering.call('get_numa_node_id'),
);
