/** Which of what a program uses is a kernel feature that the manifest has to tell (linker/contract/features.ts). */
import { FEATURES, type FeatureName } from '../../linker/contract/features.ts';
import type { HelperName } from '../../linker/contract/helpers.ts';
import type { FunctionState } from './state.ts';

/** The feature that a helper is, or undefined if every kernel that can be meant has it. */
export function featureOfHelper(helper: HelperName): FeatureName | undefined {
  if (helper.startsWith('ringbuf_')) return 'ringbuf';
  const name = `bpf_${helper}`;
  return isFeature(name) ? name : undefined;
}

/** A program calls it, and the manifest tells what kernels need for that. */
export function noteHelper({ unit }: FunctionState, helper: HelperName): void {
  const feature = featureOfHelper(helper);
  if (feature !== undefined) unit.features.add(feature);
}

/** The feature that programs of an ELF section are: `tp_btf/sched_switch`. */
export function featureOfSection(section: string): FeatureName | undefined {
  const [kind = ''] = section.split('/');
  return isFeature(kind) ? kind : undefined;
}

function isFeature(name: string): name is FeatureName {
  return Object.hasOwn(FEATURES, name);
}
