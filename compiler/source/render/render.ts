/** The forms that diagnostics are shown in: a new one is a file beside this one and a line in the table. */
import { renderGithub } from './github.ts';
import { renderJson } from './json.ts';
import type { Renderer } from './report.ts';
import { renderSarif } from './sarif.ts';
import { renderText } from './text.ts';

export const RENDERERS = {
  text: renderText,
  json: renderJson,
  sarif: renderSarif,
  github: renderGithub,
} as const satisfies Readonly<Record<string, Renderer>>;

export type DiagnosticForm = keyof typeof RENDERERS;
