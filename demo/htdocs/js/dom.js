// The only place that makes elements. Strings become text nodes, never markup: what a stranger
// wrote in a message cannot become part of the page's code.

export const byId = (id) => document.getElementById(id);

export function element(name, className, ...children) {
  const node = document.createElement(name);
  if (className) {
    node.className = className;
  }
  node.append(...children);
  return node;
}

export function icon(id) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#${id}`);
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  return svg;
}

// The same name has the same colour on every page.
export function avatar(name) {
  let hash = 0x811c9dc5;
  for (const character of name) {
    hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193);
  }
  const circle = element('span', `avatar hue-${(hash >>> 8) % 8}`, [...name][0] ?? '?');
  circle.setAttribute('aria-hidden', 'true');
  return circle;
}

// Scrolls along with new lines, but leaves a reader alone who has scrolled back.
export function appendAndFollow(list, ...nodes) {
  const following = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  list.append(...nodes);
  if (following) {
    list.scrollTop = list.scrollHeight;
  }
}
