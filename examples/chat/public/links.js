// Links in messages. A message is untrusted: only http and https become links, and no text becomes HTML.

const ADDRESS = /https?:\/\/[^\s<>"\p{C}]+/giu; // no invisible characters, which could change the order of what is read

/** Returns the message as texts and links. */
export function withLinks(text) {
  const parts = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = withoutPunctuation(found);
    if (!URL.canParse(address)) continue;
    const link = Object.assign(document.createElement("a"), { href: address, target: "_blank", rel: "noopener noreferrer", textContent: address });
    parts.push(text.slice(end, index), link);
    end = index + address.length;
  }
  return [...parts, text.slice(end)];
}

/** Returns an address without what ends the sentence around it: `(see https://example.com/a_(b)).` links to `https://example.com/a_(b)`. */
function withoutPunctuation(found) {
  let address = found;
  for (;;) {
    const last = address.at(-1);
    const isUnopened = last === ")" && address.split(")").length > address.split("(").length;
    if (!isUnopened && !/[.,:;!?'"*_\]}’”»…]/.test(last)) return address;
    address = address.slice(0, -1);
  }
}
