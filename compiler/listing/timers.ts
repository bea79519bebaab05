/** interval and profile: units, with a colon behind them for the number that has to follow. */
import { type Lister, matcher } from './lister.ts';

const UNITS = ['hz', 'ms', 's', 'us'];

function lister(provider: string): Lister {
  return {
    provider,
    group: 'kernel',
    list([pattern = '*', count = '']) {
      // A duration has no unit field: `interval:100ms`.
      if (/^[0-9$]/.test(pattern)) return { names: [`${provider}:${pattern}`] };
      const rest = count === '*' ? '' : count;
      return { names: UNITS.filter(matcher(pattern)).map((unit) => `${provider}:${unit}:${rest}`) };
    },
  };
}

export const intervals = lister('interval');
export const profiles = lister('profile');
