/**
 * Makes what is shown what it should be, and leaves alone what is so already: whoever has the focus, a selection or a
 * place in a list keeps it. Children with `data-key` are the same ones wherever they stand.
 * @param {Element} shown
 * @param {Element} wanted its children may end up in `shown`
 */
export function patch(shown, wanted) {
  // Copies: the lists change while they are gone through.
  const [attributes, nodes] = [[...shown.attributes], [...wanted.childNodes]];
  for (const { name } of attributes) if (!wanted.hasAttribute(name)) shown.removeAttribute(name);
  for (const { name, value } of wanted.attributes) {
    if (shown.getAttribute(name) !== value) shown.setAttribute(name, value);
  }
  let next = shown.firstChild;
  for (const node of nodes) {
    const same = sameAs(node, next);
    if (same === null) {
      shown.insertBefore(node, next);
      continue;
    }
    if (same === next) next = next.nextSibling;
    else shown.insertBefore(same, next);
    if (same instanceof Element && node instanceof Element) patch(same, node);
    else if (same.nodeValue !== node.nodeValue) same.nodeValue = node.nodeValue;
  }
  while (next !== null) {
    const extra = next;
    next = next.nextSibling;
    extra.remove();
  }
}

/**
 * What shows a node already: what has its key, or what stands in its place and is of its kind.
 * @param {ChildNode} node
 * @param {ChildNode | null} next
 */
function sameAs(node, next) {
  const key = keyOf(node);
  let candidate = next;
  if (key !== undefined) {
    while (candidate !== null && keyOf(candidate) !== key) candidate = candidate.nextSibling;
  }
  return candidate?.nodeName === node.nodeName && keyOf(candidate) === key ? candidate : null;
}

/** @param {ChildNode} node */
function keyOf(node) {
  return node instanceof HTMLElement ? node.dataset["key"] : undefined;
}
