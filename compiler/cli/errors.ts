import { EXIT } from './status.ts';

/** Ends the command with a message for the user: an unreadable file, a flag that does not fit. */
export class UserError extends Error {
  readonly status: number;
  readonly hint: string | undefined;

  constructor(
    message: string,
    options: { readonly status?: number; readonly hint?: string | undefined } = {},
  ) {
    super(message);
    this.status = options.status ?? EXIT.script;
    this.hint = options.hint;
  }
}

/** The reason in an error of node:fs, in words. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    EISDIR: 'it is a directory',
    ENOTDIR: 'a part of the path is not a directory',
    ENOSPC: 'no space left on the device',
    EROFS: 'the file system is read-only',
  };
  return reasons[code] ?? error.message;
}
