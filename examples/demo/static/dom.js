// The one way this page makes elements: text only ever goes in as text.

export function el(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function svg(tag, attributes = {}) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// A person's initials on their colour.
export function avatar(person) {
  const words = person.name.split(" ");
  const initials = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...word][0] ?? "");
  const element = el("span", { className: "avatar", ariaHidden: "true" }, initials.join("").toUpperCase());
  element.style.setProperty("--hue", person.hue);
  return element;
}
