/** Names that a pass makes unique, in a way that no script can write, and how users see them. */

export function uniqueName(name: string, number: number): string {
  return `${name}#${number}`;
}

/** A message with the names that the script has. */
export function asWritten(text: string): string {
  return text.replace(/([$@]\w+)#\d+/g, '$1');
}
