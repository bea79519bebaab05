/** Codes of diagnostics explained, as `bpfscript explain` and reports do. */
import { type DiagnosticCode, kindOf } from './codes.ts';

/** Explanation, example, and how to silence it, as text of several lines. */
export function explainCode(code: DiagnosticCode): string {
  const { severity, explanation, example } = kindOf(code);
  const silence =
    severity === 'warning'
      ? `--allow ${code} hides it, and so does a comment on its line or the one before: // bpfscript: allow(${code})`
      : undefined;
  const shown = example && `For example:\n\n${example.replace(/^/gm, '    ')}`;
  return [explanation, shown, silence].filter((part) => part !== undefined).join('\n\n');
}
