import type { TracepointField } from '../kernel/types.ts';
import type { Lister } from './lister.ts';

/** Records of the kernel's own tracers have formats, but nothing can be attached to them. */
const OF_TRACERS = /^ftrace:/;

export const tracepoints: Lister = {
  provider: 'tracepoint',
  group: 'kernel',
  list([first = '*', event], { kernel }) {
    // A single field is a pattern of events in any category.
    const names =
      event === undefined
        ? kernel.matchTracepoints('*', first)
        : kernel.matchTracepoints(first, event);
    return {
      names: names.filter((name) => !OF_TRACERS.test(name)).map((name) => `tracepoint:${name}`),
      arguments(name) {
        const [, category = '', own = ''] = name.split(':');
        return (kernel.tracepoint(category, own) ?? []).filter(isOwn).map(declaration);
      },
    };
  },
};

/** The kernel's records begin with 8 bytes that all events have. */
function isOwn({ offset }: TracepointField): boolean {
  return offset >= 8;
}

/** `char comm[16]`, `const char * filename`, `__data_loc char[] name` */
function declaration({ ctype, name, dataLoc }: TracepointField): string {
  const array = dataLoc ? undefined : /^(.*?)(\[[^\]]*\])$/.exec(ctype);
  return array ? `${array[1]?.trim()} ${name}${array[2]}` : `${ctype} ${name}`;
}
