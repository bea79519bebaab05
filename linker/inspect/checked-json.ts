/** Members of JSON that hosts wrote, each of which has to be as it should: Errors name the one that is not. */
import type { Json } from './json.ts';

export function objectIn(value: unknown, name: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${name} is not as it should be`);
  return value as Json;
}

/** What a text of JSON says that the loader wrote, by its member `type`; `what` is that in words. All are of schema 1. */
export function documentIn(text: string, type: string, what: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('it is not JSON');
  }
  const document = objectIn(value, 'it');
  if (document.type !== type) throw new Error(`it is no ${what}`);
  if (document.schema !== 1) throw new Error('it is of another version');
  return document;
}

/** Of objects. */
export function listIn(fields: Json, name: string): readonly Json[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw new Error(`${name} is no list`);
  return value.map((each: unknown) => objectIn(each, name));
}

export function textIn(fields: Json, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new Error(`${name} is no text`);
  return value;
}

/** A whole number from 0 on. */
export function countOf(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new Error(`${name} is no number`);
  return value;
}

export function countIn(fields: Json, name: string): number {
  return countOf(fields[name], name);
}
