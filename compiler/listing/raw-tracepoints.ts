import { BTF_KIND } from '../../linker/btf/btf.ts';
import { parameterText } from '../kernel/c-text.ts';
import { RAW_TRACEPOINT, rawTracepointParameters } from '../kernel/raw-tracepoints.ts';
import type { KernelDescription } from '../kernel/types.ts';
import { KERNEL, type Lister, matcher, namesOfKind } from './lister.ts';

const NAME = 'rawtracepoint:';
const PREFIX = `${NAME}${KERNEL}:`;

export const rawTracepoints: Lister = {
  provider: 'rawtracepoint',
  group: 'kernel',
  list(fields, { btf, joinedBtf, kernel }) {
    const module = matcher(fields.length > 1 ? (fields[0] ?? '') : KERNEL);
    const matches = matcher(fields.at(-1) ?? '*');
    const own = (): readonly string[] =>
      namesOfKind(btf(), BTF_KIND.typedef)
        .filter((name) => name.startsWith(RAW_TRACEPOINT))
        .map((name) => name.slice(RAW_TRACEPOINT.length))
        .filter(matches)
        .map((event) => `${PREFIX}${event}`);
    const parameters = (name: string) => {
      if (name.startsWith(PREFIX))
        return rawTracepointParameters(btf(), name.slice(PREFIX.length)) ?? [];
      const [owner = '', event = ''] = name.slice(NAME.length).split(':');
      return kernel.rawTracepoint(event, owner) ?? [];
    };
    btf();
    const modules = kernel.modules?.() ?? [];
    return {
      names: [
        ...(module(KERNEL) ? own() : []),
        ...modules.filter(module).flatMap((each) => eventsOf(kernel, each, matches)),
      ],
      arguments(name) {
        return parameters(name).map((parameter) =>
          parameterText(joinedBtf(), parameter.typeId, parameter.name),
        );
      },
    };
  },
};

/** Raw tracepoints have the names of tracepoints, which descriptions list. */
function eventsOf(
  kernel: KernelDescription,
  module: string,
  matches: (event: string) => boolean,
): readonly string[] {
  const events = kernel
    .matchTracepoints('*', '*')
    .map((name) => name.slice(name.indexOf(':') + 1))
    .filter(matches);
  return [...new Set(events)]
    .filter((event) => kernel.rawTracepoint(event, module) !== undefined)
    .map((event) => `${NAME}${module}:${event}`);
}
