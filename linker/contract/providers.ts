/**
 * Providers of probes, by their long names, and what the target of each has. Where a target has one of several forms,
 * the first member of a form tells it from the others.
 *
 * Texts hold what the script says; `$N` in them is replaced by the loader.
 */
import { choice, type Forms, number, optional, text, whole } from './shape.ts';

/** A decimal number, or what a positional parameter makes one of. */
const NUMBER = '^[0-9]+$|\\$[0-9]';

/** Module and function may hold `*`; without a module, the function is looked for everywhere. */
const kernelFunction = {
  function: text(),
  module: optional(text()),
  offset: number(0, 0xffff_ffff),
};

/** Loaded with --unsafe only. */
const kernelAddress = { address: text('An address in the kernel, decimal.', '^[0-9]+$') };

/** The module is one name. */
const typedFunction = {
  function: text(),
  module: optional(text()),
  program: optional(
    text('The number of a BPF program whose function is meant; *: of any.', '^([0-9]+|\\*)$'),
  ),
};

const userFunction = {
  path: text(),
  function: text(),
  offset: whole(),
  language: optional(
    choice(
      ['cpp'],
      'The function is named as people read it, with or without its parameters: all that match.',
    ),
  ),
  source: optional(
    text("A line of the program's source in place of a function: FILE:LINE or FILE:LINE:COLUMN."),
  ),
};

/**
 * With a parameter in it, a period keeps the script's unit behind it (`$1ms`, or all of it: `$1`, `$2$1`): a duration
 * literal, or a number with `hz`, once parameters are replaced.
 */
const period = { period: text('Nanoseconds.', NUMBER) };
const frequency = { frequency: text('Hz.', NUMBER) };

const counted = {
  event: text(),
  count: optional(
    text("After how many events the program runs; absent for the loader's default.", NUMBER),
  ),
};

const named = { name: text() };

export const PROVIDERS = {
  begin: [{}],
  end: [{}],
  /** Run when the loader gets the signal, */
  self: [{ signal: choice(['SIGUSR1']) }],
  /** with --test, or --bench. */
  test: [named],
  bench: [named],
  /** Either may hold `*`. */
  tracepoint: [{ category: text(), event: text() }],
  /** Event and module may hold `*`; without a module it is one of the kernel's, or of any module's. */
  rawtracepoint: [{ event: text(), module: optional(text()) }],
  kprobe: [kernelFunction, kernelAddress],
  kretprobe: [kernelFunction, kernelAddress],
  fentry: [typedFunction],
  fexit: [typedFunction],
  uprobe: [userFunction],
  uretprobe: [userFunction],
  /** Namespace and name may hold `*`; an empty namespace means any. */
  usdt: [{ path: text(), namespace: text(), name: text() }],
  interval: [period, frequency],
  profile: [period, frequency],
  software: [counted],
  hardware: [counted],
  iter: [
    {
      object: text(),
      pin: optional(
        text(
          'Path that the loader pins it at, relative to /sys/fs/bpf; absent where it reads it itself.',
          '.',
        ),
      ),
    },
  ],
  watchpoint: [
    {
      address: text(undefined, NUMBER),
      length: text(undefined, '^[1248]$|\\$[0-9]'),
      mode: text(undefined, '^(r|w|rw|x)$'),
    },
  ],
} as const satisfies Forms;

export type ProviderName = keyof typeof PROVIDERS;
