/** How an object reaches outside, found in the object itself: loader/src/object/effects.c finds the same. */
import type { CodeEffect } from '../code-effects.ts';
import { EFFECTS, type EffectName, type Permission } from '../contract/effects.ts';
import { asObject, asObjects, asText, type Json } from './json.ts';

export interface InspectedEffect {
  readonly effect: EffectName;
  /** `sends signals`. */
  readonly does: string;
  /** What is called, the command, the path or its format. */
  readonly what: string;
  /** Code: the probe, or the function, that does it. */
  readonly who?: string;
  readonly needs: Permission;
}

const BPF_FOLDER = '/sys/fs/bpf/';

export function inspectEffects(
  code: readonly CodeEffect[],
  manifest: Json,
  pinnedMaps: readonly string[],
): readonly InspectedEffect[] {
  const probes = asObjects(manifest.probes);
  const events = asObjects(manifest.events);
  const formats = (kind: string): readonly string[] => [
    ...new Set(events.filter((event) => event.kind === kind).map(({ format }) => asText(format))),
  ];
  const effect = (name: EffectName, what: string, who?: string): InspectedEffect => ({
    effect: name,
    ...EFFECTS[name],
    what,
    ...(who === undefined ? {} : { who }),
  });
  return [
    ...code.map(({ effect: name, callee, caller }) => {
      const probe = probes.find(({ program }) => asText(program) === caller);
      return effect(name, callee, probe ? asText(probe.name) : caller);
    }),
    ...formats('system').map((format) => effect('command', format)),
    ...formats('packet').map((path) => effect('file', path)),
    ...probes
      .map(({ target }) => asText(asObject(target).pin))
      .filter((pin) => pin !== '')
      .map((pin) => effect('iterator', pinPath(pin))),
    ...pinnedMaps.map((map) => effect('map', pinPath(map))),
    ...formats('cat').map((format) => effect('read', format)),
  ];
}

/** A relative path is below /sys/fs/bpf. */
function pinPath(pin: string): string {
  return pin.startsWith('/') ? pin : `${BPF_FOLDER}${pin}`;
}
