import { BTF_KIND } from '../../linker/btf/btf.ts';
import { parameterText } from '../kernel/c-text.ts';
import { RAW_TRACEPOINT, rawTracepointParameters } from '../kernel/raw-tracepoints.ts';
import { type Lister, matcher, NOTHING, namesOfKind } from './lister.ts';

const PREFIX = 'rawtracepoint:vmlinux:';

export const rawTracepoints: Lister = {
  provider: 'rawtracepoint',
  group: 'kernel',
  list(fields, { btf }) {
    const module = matcher(fields.length > 1 ? (fields[0] ?? '') : '*');
    const matches = matcher(fields.at(-1) ?? '*');
    if (!module('vmlinux')) return NOTHING;
    return {
      names: namesOfKind(btf(), BTF_KIND.typedef)
        .filter((name) => name.startsWith(RAW_TRACEPOINT))
        .map((name) => name.slice(RAW_TRACEPOINT.length))
        .filter(matches)
        .map((event) => `${PREFIX}${event}`),
      arguments: (name) =>
        (rawTracepointParameters(btf(), name.slice(PREFIX.length)) ?? []).map((parameter) =>
          parameterText(btf(), parameter.typeId, parameter.name),
        ),
    };
  },
};
