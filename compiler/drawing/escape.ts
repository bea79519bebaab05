/**
 * Text of strangers in pages and pictures. Names come from traced programs: whatever they hold, they are shown, and
 * never become markup or script.
 */

const MARKUP: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Characters that XML 1.0 does not have (production 2), and those that turn text around. */
const NONE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** What is shown for them: U+FFFD. */
export function visible(text: string): string {
  return text.replace(NONE, '\ufffd');
}

/** For text and for attributes in quotes, in HTML and XML. */
export function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => MARKUP[character] ?? character);
}

/** JSON for a <script> of HTML or XML: no character in it ends the element or begins markup. */
export function scriptData(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
