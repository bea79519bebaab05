/**
 * Text of files and scripts as it may be shown: a terminal would obey what stands in it. Line feeds and tabs stay, other
 * characters of control, and those that turn the direction of what follows, are `?`.
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?');
}
