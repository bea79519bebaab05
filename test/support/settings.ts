import { LOADER_SETTINGS, type LoaderConfig } from '../../linker/contract/settings.ts';

/** The settings of a script that sets none. */
export const DEFAULT_SETTINGS = Object.fromEntries(
  Object.entries(LOADER_SETTINGS).map(([name, { fallback }]) => [name, fallback]),
) as LoaderConfig;
