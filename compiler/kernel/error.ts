import { BtfError } from '../../linker/btf/btf.ts';

/** A kernel description that cannot be read, with what to do about it. The message is for users. */
export class KernelDescriptionError extends Error {
  override readonly name = 'KernelDescriptionError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** What a description, or the running kernel as far as one may look, does not have: nothing is wrong with what it has. */
export class UndescribedError extends KernelDescriptionError {}

/** Whether a description is at fault: BTF is read on demand, so that its damage shows in the middle of work. */
export function isDescriptionError(error: unknown): error is KernelDescriptionError | BtfError {
  return error instanceof KernelDescriptionError || error instanceof BtfError;
}

/** What to do about it, where that is known. */
export function hintOf(error: unknown): string | undefined {
  return error instanceof KernelDescriptionError ? error.hint : undefined;
}

/** Reason of a failed system call without Node's decoration: `no such file or directory`. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /^E[A-Z0-9]+: ([^,]*)/.exec(text)?.[1] ?? text;
}
