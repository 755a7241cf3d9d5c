// Renews the page every two seconds while somebody looks at it. What has not changed is left alone,
// so that nothing flickers and a selection stays.
"use strict";

const PERIOD = 2000;
const state = document.getElementById("state");

// Makes `old` what `fresh` is, with as few changes as their likeness allows.
function renew(old, fresh) {
  if (old.isEqualNode(fresh)) {
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE || old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh);
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name)) {
      old.removeAttribute(name);
    }
  }
  for (const { name, value } of fresh.attributes) {
    old.setAttribute(name, value);
  }
  const from = [...old.childNodes];
  const to = [...fresh.childNodes];
  to.forEach((node, i) => (i < from.length ? renew(from[i], node) : old.append(node)));
  from.slice(to.length).forEach((node) => node.remove());
}

function say(kind, text) {
  state.dataset.state = kind;
  state.lastElementChild.textContent = text;
}

async function look() {
  const answer = await fetch(location.pathname, { cache: "no-store" });
  if (!answer.ok) {
    throw new Error(`the server answers ${answer.status}`);
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  renew(document.querySelector("main"), page.querySelector("main"));
  renew(document.getElementById("when"), page.getElementById("when"));
  document.title = page.title;
  say("live", "live");
}

async function run() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, PERIOD));
    if (!document.hidden) {
      try {
        await look();
      } catch (error) {
        say("broken", error instanceof TypeError ? "the server does not answer" : error.message);
      }
    }
  }
}

say("live", "live");
run();
