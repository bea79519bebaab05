/** begin and end: blocks that the loader runs itself, before attaching and after detaching. */
import { refuse, targetFields } from './fields.ts';
import type { Provider } from './probe.ts';

function special(name: 'begin' | 'end'): Provider {
  return {
    name,
    aliases: [],
    resolve(attachPoint, context) {
      if (targetFields(attachPoint).length > 0)
        return refuse(attachPoint, context, 'begin/end probes should not have a target');
      return [
        {
          provider: name,
          name,
          alias: attachPoint.alias,
          // Of the program types that BPF_PROG_TEST_RUN runs, this one asks for no input (net/bpf/test_run.c).
          section: 'raw_tp',
          context: 'none',
          space: 'none',
          defaultReturn: 0,
          filtersPid: false,
          registers: 0,
          hasRetval: false,
          function: undefined,
          wildcard: false,
          target: { provider: name },
          parameterised: false,
        },
      ];
    },
  };
}

export const begin = special('begin');
export const end = special('end');
