// What a page leaves for the one after a reload in the same tab. It is taken once, so that a copy of
// the tab does not take itself for the same page.

const keyOf = (page) => `kept ${page}`;

export function takeKept(page) {
  const kept = sessionStorage.getItem(keyOf(page));
  sessionStorage.removeItem(keyOf(page));
  try {
    return JSON.parse(kept) ?? {};
  } catch {
    return {};
  }
}

// leave() ends all connections and returns what the next page needs.
export function keepWhenLeaving(page, leave) {
  addEventListener('pagehide', () => sessionStorage.setItem(keyOf(page), JSON.stringify(leave())));
  // A browser may show the page again that it left, as it was. Its connections are gone.
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
}
