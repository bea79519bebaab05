/** JSON output: every line is one object that docs/output.schema.json describes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';

const schema: unknown = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../docs/output.schema.json'), 'utf8'),
);
if (typeof schema !== 'object' || schema === null) throw new Error('the schema is no object');
const check = new Ajv2020({ allErrors: true }).compile(schema);

/** Whether one message is as the schema says. */
export function isMessage(message: unknown): boolean {
  return check(message);
}

/** The lines of what `-f json` printed, read as bytes; each has been checked. */
export function jsonLines(stdout: string): readonly string[] {
  const text = Buffer.from(stdout, 'latin1').toString('utf8');
  if (text !== '') expect(text.endsWith('\n')).toBe(true);
  const lines = text.split('\n').slice(0, -1);
  for (const line of lines) {
    expect(check(JSON.parse(line)), `${line}\n${JSON.stringify(check.errors)}`).toBe(true);
  }
  return lines;
}
