/** SVG as text. */
import { escaped } from './escape.ts';

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Two digits behind the point are less than a pixel of any screen. */
function attributeText(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(value * 100) / 100) : escaped(value);
}

/** An element; `content` is markup already. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const list = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${attributeText(value ?? '')}"`)
    .join('');
  return content === '' ? `<${name}${list}/>` : `<${name}${list}>${content}</${name}>`;
}

export function text(attributes: Attributes, content: string): string {
  return element('text', attributes, escaped(content));
}

/** What is shown while the mouse is over an element. */
export function tip(content: string): string {
  return element('title', {}, escaped(content));
}

/** A whole number with its thousands apart. */
export function grouped(digits: string | number): string {
  return String(digits).replace(/\B(?=(\d{3})+$)/g, ',');
}

export const FONT = 'ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace';

/** A picture that stands for itself or in a page. */
export function picture(
  size: { readonly width: number; readonly height: number },
  attributes: Attributes,
  content: string,
): string {
  const { width, height } = size;
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`,
      width: Math.ceil(width),
      height: Math.ceil(height),
      'font-family': FONT,
      'font-size': 12,
      ...attributes,
    },
    content,
  );
}
