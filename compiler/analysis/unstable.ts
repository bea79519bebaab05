/** Features that may still change: a setting of each refuses them, warns of them, or lets them pass. */
import type { Diagnostics } from '../source/diagnostics.ts';
import type { Range } from '../source/source.ts';
import type { Config } from './typed.ts';

export type UnstableFeature = keyof Config['unstable'];

const FEATURES: Readonly<Record<UnstableFeature, { readonly key: string; readonly name: string }>> =
  {
    tseries: { key: 'unstable_tseries', name: 'tseries' },
    dwUstack: { key: 'unstable_dw_ustack', name: 'dw_ustack' },
    typeinfo: { key: 'unstable_typeinfo', name: 'typeinfo' },
    probeLists: { key: 'unstable_probe_lists', name: 'for over a list of values' },
    importStatement: { key: 'unstable_import_statement', name: 'import inside of a block' },
  };

/** Whether the script may use a feature; says what it has to set where it may not. */
export function allowUnstable(
  { config, diagnostics }: { readonly config: Config; readonly diagnostics: Diagnostics },
  feature: UnstableFeature,
  range: Range,
): boolean {
  const { key, name } = FEATURES[feature];
  const policy = config.unstable[feature];
  if (policy === 'error') {
    diagnostics.error(
      'disabled-feature',
      `Script is using an unstable feature: ${name}. It has to be enabled in the config e.g. ${key}=enable`,
      range,
    );
  } else if (policy === 'warn') {
    diagnostics.warning(
      'unstable-feature',
      `Script is using an unstable feature: ${name}. To prevent this warning you must explicitly enable it in the config e.g. ${key}=enable`,
      range,
    );
  }
  return policy !== 'error';
}
