// The list of messages: groups those of one person, follows the newest, and forgets the oldest.

import { avatar, el } from "./dom.js";

const MOST_ENTRIES = 300;
const PICTURE_WIDTH = 340;
const PICTURE_HEIGHT = 300;
const GROUP_WITHIN = 3 * 60_000;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

export class MessageLog {
  // The server's stamp of the newest message: unique and growing, so it also tells what is missing.
  newest = 0;
  #list;
  #empty;
  #newer;
  #openPicture;

  constructor({ list, empty, newer, openPicture }) {
    this.#list = list;
    this.#empty = empty;
    this.#newer = newer;
    this.#openPicture = openPicture;
    newer.addEventListener("click", () => this.#follow());
    list.addEventListener("scroll", () => this.#atEnd() && (newer.hidden = true));
    new ResizeObserver(() => newer.hidden && this.#follow()).observe(list);
  }

  addText(message, own) {
    this.#insert(message, own, el("p", { className: "text", dir: "auto" }, message.text));
  }

  addPicture(message, image, own) {
    // With its size known before it is decoded, a picture does not move what is around it.
    const { width, height } = message;
    const picture = el("img", { src: URL.createObjectURL(image), alt: `Picture from ${message.from.name}` });
    picture.style.width = `${Math.min(width, PICTURE_WIDTH, (PICTURE_HEIGHT * width) / height)}px`;
    picture.style.aspectRatio = width / height;
    const button = el("button", { className: "picture", type: "button" }, picture);
    button.addEventListener("click", () => this.#openPicture(picture));
    this.#insert(message, own, button);
  }

  // The key of the last line, if that is a notice.
  get lastKey() {
    return this.#list.lastElementChild?.dataset.key;
  }

  // A line about the room. It takes the place of a last line with the same key.
  addNotice(text, key = "") {
    if (key && this.lastKey === key) this.#list.lastElementChild.remove();
    const notice = el("p", { className: "notice", dir: "auto" }, text);
    Object.assign(notice.dataset, { at: this.newest, key });
    this.#place(notice, null);
  }

  #insert(message, own, content) {
    const { at, from } = message;
    const entry = el("article", { className: own ? "entry own" : "entry" }, ...byline(message), content);
    entry.style.setProperty("--hue", from.hue);
    Object.assign(entry.dataset, { at, author: from.id, name: from.name });
    // The history may come after what was said while it was under way.
    let previous = this.#list.lastElementChild;
    while (previous && Number(previous.dataset.at) > at) previous = previous.previousElementSibling;
    const next = previous ? previous.nextElementSibling : this.#list.firstElementChild;
    this.newest = Math.max(this.newest, at);
    this.#place(entry, next, own);
    for (const one of [entry, next]) one?.classList.toggle("continues", continues(one));
  }

  #place(element, next, own = false) {
    const follows = own || this.#atEnd();
    this.#empty.hidden = true;
    this.#list.insertBefore(element, next);
    if (this.#list.childElementCount > MOST_ENTRIES) this.#forget(this.#list.firstElementChild);
    if (follows) this.#follow();
    else this.#newer.hidden = false;
  }

  #forget(entry) {
    const picture = entry.querySelector(".picture img");
    if (picture) URL.revokeObjectURL(picture.src);
    entry.remove();
  }

  #atEnd() {
    return this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 60;
  }

  #follow() {
    this.#newer.hidden = true;
    this.#list.scrollTop = this.#list.scrollHeight;
  }
}

function byline({ from, at }) {
  const time = el("time", { dateTime: new Date(at).toISOString() }, clock.format(at));
  return [avatar(from), el("p", { className: "byline" }, el("bdi", {}, from.name), " ", time)];
}

// Whether an entry belongs to the one above it: same person, same name, soon after.
function continues(entry) {
  const previous = entry.previousElementSibling;
  return (
    previous?.dataset.author === entry.dataset.author &&
    entry.dataset.author !== undefined &&
    previous.dataset.name === entry.dataset.name &&
    entry.dataset.at - previous.dataset.at < GROUP_WITHIN
  );
}
