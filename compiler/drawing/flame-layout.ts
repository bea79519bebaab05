/**
 * Where the boxes of a flame graph stand, and how they look. These functions also run in the page: they use nothing but
 * their parameters and what the language itself has.
 */

/** What the page knows of the tree, as JSON. */
export interface FlameData {
  readonly frames: readonly (readonly [name: string, kind: number])[];
  readonly frame: readonly number[];
  readonly depth: readonly number[];
  readonly count: readonly number[];
  readonly before?: readonly number[];
  readonly width: number;
  readonly rows: number;
  readonly rowHeight: number;
  readonly top: number;
  /** The root is at the top. */
  readonly icicle: boolean;
}

export interface FlameBox {
  readonly node: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  /** Around the node that is zoomed to. */
  readonly around: boolean;
}

/** Boxes at least `least` pixels wide, where `focus` fills the width. */
export function flameBoxes(data: FlameData, focus: number, least: number): FlameBox[] {
  const { depth, count, width, rows, rowHeight, top, icicle } = data;
  const boxes: FlameBox[] = [];
  const total = count[focus] || 1;
  const y = (level: number): number => top + (icicle ? level : rows - 1 - level) * rowHeight;
  // What leads to the focus stands before it in preorder, with less depth each.
  const around: number[] = [];
  let level = depth[focus] || 0;
  for (let node = focus - 1; node >= 0 && level > 0; node--) {
    if ((depth[node] || 0) < level) {
      level = depth[node] || 0;
      around.unshift(node);
    }
  }
  for (const node of around)
    boxes.push({ node, x: 0, y: y(depth[node] || 0), width, around: true });
  // Where the next child of each depth begins.
  const starts: number[] = [];
  const base = depth[focus] || 0;
  starts[base] = 0;
  let hidden = Number.POSITIVE_INFINITY;
  for (let node = focus; node < count.length; node++) {
    const own = depth[node] || 0;
    if (node > focus && own <= base) break;
    if (own > hidden) continue;
    hidden = Number.POSITIVE_INFINITY;
    const start = starts[own] || 0;
    const share = ((count[node] || 0) * width) / total;
    starts[own] = start + share;
    if (share < least) {
      hidden = own;
      continue;
    }
    starts[own + 1] = start;
    boxes.push({ node, x: start, y: y(own), width: share, around: false });
  }
  return boxes;
}

/** The colour of a node: by its kind and, so that neighbours differ, by its name; or by how its share changed. */
export function flameColour(data: FlameData, node: number): string {
  const entry = data.frames[data.frame[node] || 0];
  const name = entry ? entry[0] : '';
  if (data.before) {
    const now = (data.count[node] || 0) / (data.count[0] || 1);
    const then = (data.before[node] || 0) / (data.before[0] || 1);
    const change = now - then;
    const strength = Math.min(1, Math.sqrt(Math.abs(change)) * 2);
    const light = Math.round(94 - 40 * strength);
    if (Math.abs(change) < 0.0005) return 'hsl(0, 0%, 92%)';
    return change > 0 ? `hsl(8, 85%, ${light}%)` : `hsl(215, 80%, ${light}%)`;
  }
  let hash = 0;
  for (let index = 0; index < name.length; index++)
    hash = (hash * 31 + name.charCodeAt(index)) >>> 0;
  const shade = hash % 24;
  switch (entry ? entry[1] : 0) {
    case 1:
      return `hsl(${26 + (shade % 12)}, 92%, ${62 + (shade % 8)}%)`;
    case 2:
      return `hsl(${112 + shade}, 48%, ${60 + (shade % 8)}%)`;
    case 3:
      return `hsl(${176 + (shade % 16)}, 50%, ${62 + (shade % 8)}%)`;
    case 4:
      return `hsl(${210 + (shade % 12)}, 16%, ${78 + (shade % 6)}%)`;
    default:
      return `hsl(${44 + (shade % 14)}, 88%, ${64 + (shade % 9)}%)`;
  }
}

/** A number with its thousands apart, and its share. */
export function flameShare(count: number, total: number): string {
  const digits = String(count).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${digits} (${((100 * count) / (total || 1)).toFixed(2)}%)`;
}

/** What is said of a node. */
export function flameTip(
  data: FlameData,
  node: number,
  share: (count: number, total: number) => string,
): string {
  const entry = data.frames[data.frame[node] || 0];
  const kind = ['', ' [kernel]', ' [jit]', ' [inlined]', ''][entry ? entry[1] : 0] || '';
  const name = (entry ? entry[0] : '') + kind;
  const now = share(data.count[node] || 0, data.count[0] || 0);
  if (!data.before) return `${name}: ${now}`;
  return `${name}: ${now}, before ${share(data.before[node] || 0, data.before[0] || 0)}`;
}

/** As much of a name as fits. */
export function flameLabel(name: string, width: number): string {
  const room = Math.floor((width - 6) / 7.25);
  if (room < 3) return '';
  return name.length <= room ? name : `${name.slice(0, room - 1)}\u2026`;
}
