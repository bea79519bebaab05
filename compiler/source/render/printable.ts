/**
 * Text of files and scripts as it may be shown: a terminal would obey what stands in it. Line feeds and tabs stay, other
 * characters of control are `?`, as in the loader.
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '?');
}
