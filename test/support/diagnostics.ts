/** What the compiler says of a script, as lines that a test can compare. */
import { type BuildOptions, diagnose } from './build.ts';

/** `error: message @ the text it is about`, or `warning: ...`, in order. */
export function said(script: string, options: BuildOptions = {}): readonly string[] {
  return diagnose(script, options).map(({ severity, message, range }) => {
    const place = range ? ` @ ${script.slice(range.start, range.end)}` : '';
    return `${severity}: ${message}${place}`;
  });
}

/** The same for `BEGIN { body }`. */
export function saidOf(body: string): readonly string[] {
  return said(`BEGIN { ${body} }`);
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
