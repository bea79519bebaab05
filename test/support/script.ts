/** Short forms for tests of the language: what a block prints, and what the compiler says of a script. */
import { expect, it } from 'vitest';
import { type BuildOptions, compileText, diagnose } from './build.ts';
import { run } from './run.ts';

/** Runs `BEGIN { body }` and gives what it printed before the final dump. Warnings are allowed. */
export async function printed(body: string, parameters: readonly string[] = []): Promise<string> {
  const result = await run(`BEGIN { ${body} }`, { signal: 'none', parameters });
  expect(result.stderr).toContain('Attached 1 probe');
  expect(result.status).toBe(0);
  return result.stdout.replace(/\n\n[\s\S]*$/, '').replace(/\n$/, '');
}

/** Everything that a script prints which ends by itself: output, an empty line, the dump. */
export async function output(script: string, parameters: readonly string[] = []): Promise<string> {
  const result = await run(script, { signal: 'none', parameters });
  expect(result.status).toBe(0);
  return result.stdout;
}

/** Rows of [what a script says, what comes out]: a test each. */
export function prints(
  rows: readonly (readonly [title: string, body: string, expected: string])[],
): void {
  for (const [title, body, expected] of rows) {
    it(title, async () => {
      expect(await printed(body)).toBe(expected);
    });
  }
}

/** The values that the program of a script with one probe may return, in its optimised code; sorted. */
export function returned(script: string): readonly string[] {
  const ir = compileText(script).optimisedIr?.() ?? '';
  const direct = [...ir.matchAll(/^ +ret i\d+ ([^\s,]+)/gm)].map(([, value]) => value ?? '');
  const values = direct.flatMap((value) => {
    const merged = new RegExp(`^ +${value} = phi i\\d+ (.*)$`, 'm').exec(ir)?.[1];
    return merged ? [...merged.matchAll(/\[ (\S+),/g)].map(([, each]) => each ?? '') : [value];
  });
  return [...new Set(values)].sort();
}

function shown(script: string, severity: 'error' | 'warning', options: BuildOptions): string[] {
  return diagnose(script, options)
    .filter((diagnostic) => diagnostic.severity === severity)
    .map(({ message, range }) =>
      range ? `${message} @ ${script.slice(range.start, range.end)}` : message,
    );
}

/** The errors of a script, each as `message @ text that it points at`. */
export function errors(script: string, options: BuildOptions = {}): readonly string[] {
  return shown(script, 'error', options);
}

/** Its warnings, likewise. */
export function warnings(script: string, options: BuildOptions = {}): readonly string[] {
  return shown(script, 'warning', options);
}
