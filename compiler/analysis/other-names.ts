/** What other languages call what this one has: awk, DTrace, SystemTap, C, and the words of statistics. */

/** To be said of a function that is not there: a sentence. */
const FUNCTIONS: Readonly<Record<string, string | undefined>> = {
  ...same('a distribution, in which medians and percentiles can be read', 'hist(value)', [
    ...['median', 'percentile', 'percentiles', 'quantile', 'quantiles', 'quantize', 'p50', 'p90'],
    ...['p95', 'p99', 'histogram', 'hist_log', 'llquantize'],
  ]),
  ...same('a distribution in steps of one size', 'lhist(value, min, max, step)', [
    ...['lquantize', 'hist_linear'],
  ]),
  ...same('the average', 'avg(value)', ['mean', 'average']),
  ...same('count, average and total', 'stats(value)', ['stddev', 'variance', 'stdev']),
  ...same('text', 'printf(format, ...)', ['println', 'printk', 'echo', 'puts', 'trace', 'log']),
  ...same('a text in memory', 'str(address)', ['copyinstr', 'stringof', 'user_string', 'strdup']),
  ...same("the kernel's stack", 'kstack', ['stack', 'backtrace', 'print_backtrace']),
  ...same("the process's stack", 'ustack', ['jstack', 'print_ubacktrace', 'ubacktrace']),
  ...same('the length', 'len(value)', ['length', 'size', 'strlen_of']),
  ...same('a part of a text', 'substr(text, start, length)', ['slice', 'mid', 'substring']),
};

/** The same of a name that is not there. */
const NAMES: Readonly<Record<string, string | undefined>> = {
  ...same('the name of the process', 'comm', ['execname', 'procname', 'task_name']),
  ...same('the time', 'nsecs', ['timestamp', 'now', 'time_ns', 'gettimeofday_ns', 'ktime']),
  ...same('the function', 'func or probe', ['probefunc', 'probename', 'pp', 'ppfunc']),
  ...same('the process', 'curtask', ['current', 'curthread', 'curpsinfo', 'task_current']),
  ...same('the result', 'retval, or args.ret in a tracepoint', ['returnval', 'ret', 'rval']),
};

function same(
  what: string,
  call: string,
  names: readonly string[],
): Readonly<Record<string, string>> {
  const hint = `Here that is ${call}: ${what}.`;
  return Object.fromEntries(names.map((name) => [name, hint]));
}

export function otherFunction(name: string): string | undefined {
  return Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
}

export function otherName(name: string): string | undefined {
  return Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
}
