import type { Fix, Hint } from './advice.ts';
import type { DiagnosticCode, ErrorCode, WarningCode } from './codes.ts';
import { asWritten } from './names.ts';
import type { Range } from './source.ts';

export type Severity = 'error' | 'warning';

/** What is wrong with a script, where, and what to do about it. Passes collect these; they do not throw. */
export interface Diagnostic {
  readonly severity: Severity;
  readonly code: DiagnosticCode;
  /** Without place and severity, which the printer adds: `Unknown identifier: 'x'`. */
  readonly message: string;
  /** Absent where no place in the script is to blame. */
  readonly range?: Range;
  readonly hints?: readonly string[];
  /** Changes of the text, each of which is enough by itself. */
  readonly fixes?: readonly Fix[];
}

/** Collects diagnostics of one run; the only thing in the compiler that passes write to. */
export class Diagnostics {
  readonly #all: Diagnostic[] = [];

  error(code: ErrorCode, message: string, range?: Range, ...hints: readonly Hint[]): void {
    this.#add('error', code, message, range, hints);
  }

  warning(code: WarningCode, message: string, range?: Range, ...hints: readonly Hint[]): void {
    this.#add('warning', code, message, range, hints);
  }

  /** Adds what another collection holds, such as the last round of an iterated pass. */
  addAll(diagnostics: readonly Diagnostic[]): void {
    this.#all.push(...diagnostics);
  }

  get all(): readonly Diagnostic[] {
    return this.#all;
  }

  get hasErrors(): boolean {
    return this.#all.some((diagnostic) => diagnostic.severity === 'error');
  }

  #add(
    severity: Severity,
    code: DiagnosticCode,
    message: string,
    range: Range | undefined,
    advice: readonly Hint[],
  ): void {
    const hints = advice.flatMap((each) => (typeof each === 'string' ? each : (each.hint ?? [])));
    const fixes = advice.flatMap((each) => (typeof each === 'string' ? [] : each.fixes));
    this.#all.push({
      severity,
      code,
      message: asWritten(message),
      ...(range ? { range } : {}),
      ...(hints.length > 0 ? { hints: hints.map(asWritten) } : {}),
      ...(fixes.length > 0 ? { fixes: fixes.map(written) } : {}),
    });
  }
}

function written({ range, text, old }: Fix): Fix {
  return { range, text: asWritten(text), old: typeof old === 'string' ? asWritten(old) : old };
}
