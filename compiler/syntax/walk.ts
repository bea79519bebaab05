/** Walks any part of the tree: nodes are plain data, so their fields are all there is to visit. */

/** Whether a node, or one in it, passes the test; the others behind the first that does are not looked at. */
export function someNode(node: unknown, test: (node: object) => boolean): boolean {
  if (Array.isArray(node)) return node.some((element) => someNode(element, test));
  if (typeof node !== 'object' || node === null) return false;
  return test(node) || Object.values(node).some((value) => someNode(value, test));
}
