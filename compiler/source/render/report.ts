/** What every form of diagnostics is made from. */
import type { Diagnostic } from '../diagnostics.ts';
import type { Sources } from '../sources.ts';

/** What compiling one script had to say. */
export interface Report {
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
}

export interface RenderOptions {
  /** Colours, where the form has them. */
  readonly color: boolean;
  /** The code behind each message of the text form; all others have it anyway. */
  readonly codes?: boolean;
  /** The version of this program, where the form names its author. */
  readonly version: string;
}

export type Renderer = (reports: readonly Report[], options: RenderOptions) => string;
