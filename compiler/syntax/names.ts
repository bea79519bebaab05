/** Names that are never a type in parentheses or a macro parameter. */

/** What the grammar itself reserves. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['args', 'ctx', 'kstack', 'nsecs', 'pid', 'tid', 'ustack'],
  ...[
    'comm',
    'cpid',
    'cpu',
    'dw_ustack',
    'elapsed',
    'func',
    'ncpus',
    'probe',
    'retval',
    'usermode',
  ].map((name) => `__builtin_${name}`),
]);

/**
 * Built-in values that no kernel type is named after. `(retval) - 1` and `(elapsed) * 2` are arithmetic for
 * anyone who writes them, though the bare grammar would read a cast.
 */
const VALUES: ReadonlySet<string> = new Set([
  ...[
    'cgroup',
    'comm',
    'cpid',
    'cpu',
    'curtask',
    'elapsed',
    'func',
    'gid',
    'jiffies',
    'ncpus',
    'numaid',
  ],
  ...['pcomm', 'ppid', 'probe', 'probetype', 'rand', 'retval', 'uid', 'usermode', 'username'],
]);

const ARGUMENT = /^s?arg[0-9]+$/;

/** Reserved by the language: no macro parameter or cast type may have it. Fields of records may. */
export function isReservedName(name: string): boolean {
  return RESERVED.has(name) || ARGUMENT.test(name);
}

/** Whether `(name) x` may be a cast. */
export function canNameType(name: string): boolean {
  return !isReservedName(name) && !VALUES.has(name);
}
