/** What a flame graph does when it is clicked and typed at, in a page of a few elements. */
import { describe, expect, it } from 'vitest';
import {
  flameBoxes,
  flameColour,
  flameLabel,
  flameShare,
  flameTip,
} from '../../../compiler/drawing/flame-layout.ts';
import {
  flamePage,
  type PageElement,
  type PageEvent,
} from '../../../compiler/drawing/flame-page.ts';

type Listener = (event: PageEvent) => void;

class Element implements PageElement {
  textContent: string | null = '';
  readonly style = { display: '' };
  readonly children: Element[] = [];
  readonly #attributes = new Map<string, string>();
  readonly #listeners = new Map<string, Listener>();
  readonly #parts: ReadonlyMap<string, Element>;
  constructor(parts: ReadonlyMap<string, Element> = new Map()) {
    this.#parts = parts;
  }
  setAttribute(name: string, value: string): void {
    this.#attributes.set(name, value);
  }
  getAttribute(name: string): string | null {
    return this.#attributes.get(name) ?? null;
  }
  appendChild(child: PageElement): void {
    if (child instanceof Element) this.children.push(child);
  }
  replaceChildren(...children: PageElement[]): void {
    const own = children.flatMap((child) => (child instanceof Element ? [child] : []));
    this.children.splice(0, this.children.length, ...own);
  }
  querySelector(selector: string): PageElement | null {
    return this.#parts.get(selector.slice(1)) ?? null;
  }
  closest(): PageElement | null {
    return this.#attributes.has('data-node') ? this : null;
  }
  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, listener);
  }
  tell(type: string, event: Partial<PageEvent> = {}): boolean {
    let isTaken = false;
    const preventDefault = (): void => {
      isTaken = true;
    };
    this.#listeners.get(type)?.({ target: null, preventDefault, ...event });
    return isTaken;
  }
}

/** `all` of `main` (6 of `read`, 2 of `write`) and `idle` of 2. */
const DATA = {
  ...{ width: 100, rows: 3, rowHeight: 10, top: 0, icicle: false },
  frames: [
    ['all', 0],
    ['main', 0],
    ['read.x', 0],
    ['write', 0],
    ['idle', 0],
  ],
  frame: [0, 1, 2, 3, 4],
  depth: [0, 1, 2, 2, 1],
  count: [10, 8, 6, 2, 2],
} as unknown as Parameters<typeof flamePage>[2];

function opened() {
  const names = ['frames', 'details', 'matched', 'search', 'reset'];
  const parts = new Map(names.map((name) => [name, new Element()]));
  const part = (name: string): Element => parts.get(name) ?? new Element();
  const page = Object.assign(new Element(), { createElementNS: () => new Element() });
  flamePage(page, new Element(parts), DATA, {
    ...{ boxes: flameBoxes, colour: flameColour, share: flameShare, tip: flameTip },
    label: flameLabel,
  });
  const groups = () => part('frames').children;
  const nameOf = (group: Element) => group.children[0]?.textContent?.split(':')[0] ?? '';
  return {
    page,
    part,
    shown: () => groups().map(nameOf),
    group: (name: string) => groups().find((each) => nameOf(each) === name) ?? null,
    hits: () =>
      groups()
        .filter((each) => each.children[1]?.getAttribute('fill') === 'hsl(300, 85%, 62%)')
        .map(nameOf),
    type: (text: string) => [...text].map((key) => page.tell('keydown', { key })),
  };
}

describe('a flame graph', () => {
  it('is zoomed to what is clicked, and back', () => {
    const { part, shown, group } = opened();
    expect(shown()).toEqual(['all', 'main', 'read.x', 'write', 'idle']);
    expect(part('reset').style.display).toBe('none');
    part('frames').tell('click', { target: group('write') });
    expect(shown()).toEqual(['all', 'main', 'write']);
    expect(part('reset').style.display).toBe('');
    part('frames').tell('click');
    expect(shown()).toEqual(['all', 'main', 'write']);
    part('reset').tell('click');
    expect(shown()).toHaveLength(5);
  });

  it('says what is pointed at', () => {
    const { part, group } = opened();
    part('frames').tell('mouseover', { target: group('read.x') });
    expect(part('details').textContent).toBe('read.x: 6 (60.00%)');
    part('frames').tell('mouseout');
    expect(part('details').textContent).toBe('');
  });

  it('shows what is typed once a search is begun, and how much has it', () => {
    const { part, hits, type } = opened();
    expect(type('r')).toEqual([false]);
    part('search').tell('click');
    expect(part('search').textContent).toBe('Search: \u2588');
    expect(type('re')).toEqual([true, true]);
    expect(part('search').textContent).toBe('Search: re\u2588');
    expect(hits()).toEqual(['read.x']);
    expect(part('matched').textContent).toContain('60.00%');
  });

  it('takes patterns, and for a text what is none', () => {
    const { part, hits, type } = opened();
    part('search').tell('click');
    type('^(read|idle)');
    expect(hits()).toEqual(['read.x', 'idle']);
    expect(part('matched').textContent).toContain('80.00%');
    part('search').tell('click');
    part('search').tell('click');
    type('(');
    expect(hits()).toEqual([]);
  });

  it('counts a stack once, however many of its frames are found', () => {
    const { part, hits, type } = opened();
    part('search').tell('click');
    type('main|read');
    expect(hits()).toEqual(['main', 'read.x']);
    expect(part('matched').textContent).toContain('80.00%');
  });

  it('takes back letters, keeps what was found, or forgets it', () => {
    const { page, part, hits, type } = opened();
    const key = (name: string, more: Partial<PageEvent> = {}) =>
      page.tell('keydown', { key: name, ...more });
    part('search').tell('click');
    type('readX');
    expect(hits()).toEqual([]);
    expect(key('Backspace')).toBe(true);
    expect(hits()).toEqual(['read.x']);
    for (const other of ['Shift', 'F5', 'ArrowLeft']) expect(key(other)).toBe(false);
    expect(key('f', { ctrlKey: true })).toBe(false);
    expect(key('f', { metaKey: true })).toBe(false);
    expect(key('Enter')).toBe(true);
    expect(part('search').textContent).toBe('Search: read');
    expect(type('x')).toEqual([false]);
    part('search').tell('click');
    type('idle');
    expect(key('Escape')).toBe(true);
    expect(part('search').textContent).toBe('Search');
    expect([hits(), part('matched').textContent]).toEqual([[], '']);
  });
});
