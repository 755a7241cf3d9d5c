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

// A part of a drawing, or with the name svg all of it.
export function shape(name, attributes) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, String(value)));
  return node;
}

export function icon(id) {
  const svg = shape('svg', { 'aria-hidden': 'true' });
  svg.append(shape('use', { href: `#${id}` }));
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

export function setUpDialogs() {
  for (const close of document.querySelectorAll('[data-close]')) {
    close.addEventListener('click', () => close.closest('dialog').close());
  }
}

// Who the server takes this page's user for.
export function drawMember(member, name) {
  byId('me-name').textContent = name;
  byId('me-kind').textContent = member ? 'member' : 'guest';
  byId('me-kind').classList.toggle('member', Boolean(member));
  byId('login-open').hidden = Boolean(member);
  byId('logout').hidden = !member;
}
