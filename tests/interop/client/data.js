// Messages of any size, made from a short description: {text, repeat}, or {binary: size, as: type}.

const WRAPPERS = {
  ArrayBuffer: (bytes) => bytes.buffer,
  Uint8Array: (bytes) => bytes,
  Blob: (bytes) => new Blob([bytes]),
};

/** Makes the message that is described. */
export function make(description) {
  const content = contentOf(description);
  if (typeof content === "string") return content;
  return WRAPPERS[description.as ?? "ArrayBuffer"](content);
}

/** Says how a received message differs from the described one; null if it does not. */
export function difference(description, received) {
  const sent = contentOf(description);
  if (typeof sent === "string") {
    if (typeof received !== "string") return `text came back as ${kind(received)}`;
    return sent === received ? null : `text of ${sent.length} came back as ${received.length} others`;
  }
  const bytes = asBytes(received);
  if (bytes === null) return `binary came back as ${kind(received)}`;
  if (bytes.length !== sent.length) return `${sent.length} bytes came back as ${bytes.length}`;
  const at = bytes.findIndex((byte, index) => byte !== sent[index]);
  return at < 0 ? null : `byte ${at} is ${bytes[at]} instead of ${sent[at]}`;
}

function contentOf({ text, repeat = 1, binary }) {
  if (text !== undefined) return text.repeat(repeat);
  return Uint8Array.from({ length: binary }, (_, index) => (index * 31 + 7) % 256);
}

function asBytes(data) {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return null;
}

function kind(value) {
  return Object.prototype.toString.call(value);
}
