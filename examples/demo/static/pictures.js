// Pictures: made small enough to send, and their form on the wire (a line of JSON, then the image).

const LONGEST_SIDE = 1_600;
const QUALITIES = [0.85, 0.7, 0.55];
const NEWLINE = 10;

// Scales a picture down until it takes at most `limit` bytes. Throws if it is not a picture.
// Drawing it again also leaves behind what cameras add to a file, such as the place.
export async function shrink(file, limit) {
  const bitmap = await createImageBitmap(file);
  let scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  try {
    for (;;) {
      const canvas = draw(bitmap, scale);
      for (const quality of QUALITIES) {
        const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
        if (blob.size <= limit) {
          const image = new Uint8Array(await blob.arrayBuffer());
          return { width: canvas.width, height: canvas.height, image };
        }
      }
      scale *= 0.7;
    }
  } finally {
    bitmap.close();
  }
}

function draw(bitmap, scale) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "white"; // JPEG has no transparency
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

export function packPicture(header, image) {
  const line = new TextEncoder().encode(JSON.stringify(header) + "\n");
  const message = new Uint8Array(line.length + image.length);
  message.set(line);
  message.set(image, line.length);
  return message;
}

export function unpackPicture(data) {
  const bytes = new Uint8Array(data);
  const end = bytes.indexOf(NEWLINE);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  return { header, image: new Blob([bytes.subarray(end + 1)], { type: "image/jpeg" }) };
}
