/** software and hardware: fixed names, with a colon behind them for the count that may follow. */
import { type Lister, matcher } from './lister.ts';

const SOFTWARE = [
  ...['alignment-faults', 'bpf-output', 'context-switches', 'cpu', 'cpu-clock', 'cpu-migrations'],
  ...['cs', 'dummy', 'emulation-faults', 'faults', 'major-faults', 'minor-faults', 'page-faults'],
  'task-clock',
];

const HARDWARE = [
  ...['backend-stalls', 'branch-instructions', 'branch-misses', 'branches', 'bus-cycles'],
  ...['cache-misses', 'cache-references', 'cpu-cycles', 'cycles', 'frontend-stalls'],
  ...['instructions', 'ref-cycles'],
];

function lister(provider: string, events: readonly string[]): Lister {
  return {
    provider,
    group: 'kernel',
    list: ([pattern = '*', count = '']) => ({
      names: events
        .filter(matcher(pattern))
        .map((event) => `${provider}:${event}:${count === '*' ? '' : count}`),
    }),
  };
}

export const software = lister('software', SOFTWARE);
export const hardware = lister('hardware', HARDWARE);
