/**
 * What a flame graph does in a browser: `flamePage` becomes the text of a script, together with the functions of
 * flame-layout.ts that it is given. It uses nothing but its parameters and what browsers have, of which the types below
 * are the part that it needs.
 */
import type { FlameBox, FlameData } from './flame-layout.ts';

export interface PageElement {
  textContent: string | null;
  readonly style: { display: string };
  setAttribute(name: string, value: string): void;
  getAttribute(name: string): string | null;
  appendChild(child: PageElement): void;
  replaceChildren(...children: PageElement[]): void;
  querySelector(selector: string): PageElement | null;
  closest(selector: string): PageElement | null;
  addEventListener(type: string, listener: (event: PageEvent) => void): void;
}

export interface PageEvent {
  readonly target: PageElement | null;
  readonly key?: string;
  readonly ctrlKey?: boolean;
  readonly metaKey?: boolean;
  preventDefault(): void;
}

export interface PageDocument {
  createElementNS(space: string, name: string): PageElement;
  addEventListener(type: string, listener: (event: PageEvent) => void): void;
}

export interface FlameFunctions {
  readonly boxes: (data: FlameData, focus: number, least: number) => FlameBox[];
  readonly colour: (data: FlameData, node: number) => string;
  readonly share: (count: number, total: number) => string;
  readonly tip: (
    data: FlameData,
    node: number,
    share: (count: number, total: number) => string,
  ) => string;
  readonly label: (name: string, width: number) => string;
}

export function flamePage(
  page: PageDocument,
  root: PageElement,
  data: FlameData,
  functions: FlameFunctions,
): void {
  const space = 'http://www.w3.org/2000/svg';
  const part = (name: string): PageElement | null => root.querySelector(`.${name}`);
  const frames = part('frames');
  const details = part('details');
  const matched = part('matched');
  const search = part('search');
  const reset = part('reset');
  if (!frames || !details || !matched || !search || !reset) return;
  const total = data.count[0] || 0;
  let focus = 0;
  let pattern = '';
  let typing = false;
  /** Frames whose name is looked for. */
  let hits: boolean[] = [];

  const nameOf = (node: number): string => {
    const entry = data.frames[data.frame[node] || 0];
    return entry ? entry[0] : '';
  };
  const create = (name: string, attributes: { readonly [key: string]: string }): PageElement => {
    const made = page.createElementNS(space, name);
    for (const key in attributes) made.setAttribute(key, attributes[key] || '');
    return made;
  };

  const draw = (): void => {
    const groups: PageElement[] = [];
    for (const box of functions.boxes(data, focus, 0.5)) {
      const { node } = box;
      const hit = hits[data.frame[node] || 0];
      const group = create('g', { 'data-node': String(node) });
      const title = create('title', {});
      title.textContent = functions.tip(data, node, functions.share);
      group.appendChild(title);
      group.appendChild(
        create('rect', {
          x: box.x.toFixed(2),
          y: String(box.y),
          width: Math.max(0.3, box.width - 0.4).toFixed(2),
          height: String(data.rowHeight - 1),
          rx: '2',
          fill: hit ? 'hsl(300, 85%, 62%)' : functions.colour(data, node),
          opacity: box.around ? '0.5' : '1',
        }),
      );
      const label = functions.label(nameOf(node), box.width);
      if (label) {
        const text = create('text', {
          x: (box.x + 3).toFixed(2),
          y: String(box.y + data.rowHeight - 5),
        });
        text.textContent = label;
        group.appendChild(text);
      }
      groups.push(group);
    }
    frames.replaceChildren(...groups);
    reset.style.display = focus ? '' : 'none';
  };

  /** Of stacks with a hit, each counted once. */
  const countMatched = (): number => {
    let sum = 0;
    let inside = Number.POSITIVE_INFINITY;
    for (let node = 0; node < data.frame.length; node++) {
      const depth = data.depth[node] || 0;
      if (depth > inside) continue;
      inside = Number.POSITIVE_INFINITY;
      if (!hits[data.frame[node] || 0]) continue;
      sum += data.count[node] || 0;
      inside = depth;
    }
    return sum;
  };

  const find = (): void => {
    let test: (name: string) => boolean = (name) => name.includes(pattern);
    try {
      const expression = new RegExp(pattern);
      test = (name) => expression.test(name);
    } catch {
      // What is no pattern is a text.
    }
    hits = pattern ? data.frames.map((frame) => test(frame[0])) : [];
    search.textContent = typing
      ? `Search: ${pattern}\u2588`
      : pattern
        ? `Search: ${pattern}`
        : 'Search';
    matched.textContent = pattern ? `Matched: ${functions.share(countMatched(), total)}` : '';
    draw();
  };

  const nodeOf = (event: PageEvent): number => {
    const group = event.target?.closest('[data-node]');
    return group ? Number(group.getAttribute('data-node')) : -1;
  };

  frames.addEventListener('click', (event) => {
    const node = nodeOf(event);
    if (node < 0) return;
    focus = node;
    draw();
  });
  frames.addEventListener('mouseover', (event) => {
    const node = nodeOf(event);
    if (node >= 0) details.textContent = functions.tip(data, node, functions.share);
  });
  frames.addEventListener('mouseout', () => {
    details.textContent = '';
  });
  reset.addEventListener('click', () => {
    focus = 0;
    draw();
  });
  search.addEventListener('click', () => {
    pattern = '';
    typing = !typing;
    find();
  });
  page.addEventListener('keydown', (event) => {
    if (!typing) return;
    const key = event.key || '';
    if (event.ctrlKey || event.metaKey) return;
    if (key === 'Enter' || key === 'Escape') {
      typing = false;
      if (key === 'Escape') pattern = '';
    } else if (key === 'Backspace') pattern = pattern.slice(0, -1);
    else if (key.length === 1) pattern += key;
    else return;
    event.preventDefault();
    find();
  });
  draw();
}
