/** The comparison that makes a value the new extreme. */
export function betterThan(kind: 'min' | 'max', signed: boolean) {
  if (kind === 'min') return signed ? 'slt' : 'ult';
  return signed ? 'sgt' : 'ugt';
}
