/** The ring buffer that programs send their events through. */

export const PAGE_SIZE = 4096;
/** Size in an object that does not say; the loader chooses its own then. */
const DEFAULT_SIZE = 1 << 20;

/** In bytes; the kernel takes powers of two of at least a page. */
export function ringSize(pages: number): number {
  if (pages === 0) return DEFAULT_SIZE;
  let size = PAGE_SIZE;
  while (size < pages * PAGE_SIZE) size *= 2;
  return size;
}
