/** The forms that diagnostics are shown in: a new one is a file beside this one and a line in the table. */
import type { Diagnostic } from '../diagnostics.ts';
import type { Sources } from '../sources.ts';
import { renderGithub } from './github.ts';
import { renderJson } from './json.ts';
import { renderSarif } from './sarif.ts';
import { renderText } from './text.ts';

/** What compiling one script had to say. */
export interface Report {
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
}

export interface RenderOptions {
  /** Colours, where the form has them. */
  readonly color: boolean;
  /** The version of this program, where the form names its author. */
  readonly version: string;
}

export type Renderer = (reports: readonly Report[], options: RenderOptions) => string;

export const RENDERERS = {
  text: renderText,
  json: renderJson,
  sarif: renderSarif,
  github: renderGithub,
} as const satisfies Readonly<Record<string, Renderer>>;

export type DiagnosticForm = keyof typeof RENDERERS;
