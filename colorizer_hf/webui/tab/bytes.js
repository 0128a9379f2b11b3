// Small helps for arrays of bytes.

export const concat = (parts) => {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

/** The letters of Latin-1 as bytes, and bytes as such letters. */
export const fromLatin = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
export const toLatin = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

export const startsWith = (bytes, text) => text.length <= bytes.length && toLatin(bytes.subarray(0, text.length)) === text;

export const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
