/** Short forms for tests of the language: what a block prints. */
import { expect, it } from 'vitest';
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
