/** A type that `sizeof` or `typeof` has given away cannot change any more. */
export const LOCKED =
  'this type has been locked because it was used in another part of the program (sizeof or typeof), and cannot be widened.';
