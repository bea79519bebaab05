/** `--timings`: how long each stage took, on standard error. */
import { Option } from 'commander';

export function timingsOption(): Option {
  return new Option('--timings', 'say how long each stage took');
}

export interface Timings {
  /** For `CompileOptions.onStage`. */
  readonly onStage: (stage: string, milliseconds: number) => void;
  /** Writes what is known so far. */
  show(): void;
}

/** Begins with what it took until now: starting Node and the command. */
export function measureStages(wanted: boolean | undefined): Timings {
  const stages = new Map<string, number>();
  const onStage = (stage: string, milliseconds: number): void => {
    stages.set(stage, (stages.get(stage) ?? 0) + milliseconds);
  };
  onStage('starting', performance.now());
  return {
    onStage,
    show() {
      if (!wanted) return;
      const width = Math.max(...[...stages.keys()].map(({ length }) => length));
      for (const [stage, time] of stages)
        process.stderr.write(`${stage.padEnd(width)} ${time.toFixed(1).padStart(9)} ms\n`);
    },
  };
}
