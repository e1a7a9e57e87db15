// Messages of any size, made from a short description and compared byte by byte.

/** Makes {text, repeat} or {binary: size} into a message. */
export function make(description) {
  if ("text" in description) return description.text.repeat(description.repeat ?? 1);
  return Uint8Array.from({ length: description.binary }, (_, index) => (index * 31 + 7) % 256);
}

/** Says how a received message differs from what was sent; null if it does not. */
export function difference(sent, received) {
  if (typeof sent === "string") {
    if (typeof received !== "string") return `text came back as ${kind(received)}`;
    return sent === received ? null : `text of ${sent.length} came back as ${received.length} others`;
  }
  if (typeof received === "string") return "binary came back as text";
  const bytes = asBytes(received);
  if (bytes.length !== sent.length) return `${sent.length} bytes came back as ${bytes.length}`;
  const at = bytes.findIndex((byte, index) => byte !== sent[index]);
  return at < 0 ? null : `byte ${at} is ${bytes[at]} instead of ${sent[at]}`;
}

function asBytes(data) {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw new Error(`a message came back as ${kind(data)}`);
}

function kind(value) {
  return Object.prototype.toString.call(value);
}
