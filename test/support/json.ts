/** JSON output: every line is one object that docs/output.schema.json describes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { type Dump, parseDump } from '../../compiler/exploration/dump.ts';

function checkOf(name: string): ReturnType<Ajv2020['compile']> {
  const schema: unknown = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8'),
  );
  if (typeof schema !== 'object' || schema === null) throw new Error('the schema is no object');
  return new Ajv2020({ allErrors: true }).compile(schema);
}

const check = checkOf('output.schema.json');
const checkTyped = checkOf('output-2.schema.json');

const checkReport = checkOf('start-report.schema.json');

/** A line of `bpfload --report`, which has been checked. */
export function startReport(line: string): Readonly<Record<string, unknown>> {
  const report = JSON.parse(line) as Readonly<Record<string, unknown>>;
  expect(checkReport(report), `${line}\n${JSON.stringify(checkReport.errors)}`).toBe(true);
  return report;
}

const checkDump = checkOf('dump.schema.json');

/** What `bpfload --dump` wrote, which has been checked, as `bpfscript explore` reads it. */
export function dumpOf(line: string): Dump {
  expect(checkDump(JSON.parse(line)), JSON.stringify(checkDump.errors)).toBe(true);
  return parseDump(line);
}

const checkRollout = checkOf('rollout.schema.json');

/** What `bpfscript rollout --json` printed, which has been checked. */
export function rolloutOf(line: string): unknown {
  const summary: unknown = JSON.parse(line);
  expect(checkRollout(summary), JSON.stringify(checkRollout.errors)).toBe(true);
  return summary;
}

/** Whether one message is as the schema says. */
export function isMessage(message: unknown): boolean {
  return check(message) === true;
}

/** The same of `-f json2`. */
export function isTypedMessage(message: unknown): boolean {
  return checkTyped(message) === true;
}

/** The lines of what `-f json` printed, read as bytes; each has been checked. */
export function jsonLines(stdout: string): readonly string[] {
  return checkedLines(stdout, check);
}

/** The same of `-f json2`. */
export function typedLines(stdout: string): readonly string[] {
  return checkedLines(stdout, checkTyped);
}

function checkedLines(stdout: string, by: ReturnType<Ajv2020['compile']>): readonly string[] {
  const text = Buffer.from(stdout, 'latin1').toString('utf8');
  if (text !== '') expect(text.endsWith('\n')).toBe(true);
  const lines = text.split('\n').slice(0, -1);
  for (const line of lines) {
    expect(by(JSON.parse(line)), `${line}\n${JSON.stringify(by.errors)}`).toBe(true);
  }
  return lines;
}
