// Sending a file to Gradio. Its own `upload` does not say how far it is.

/** The server's path of a file.
 *
 * @param {File} file
 * @param {(share: number) => void} onProgress Called while the file is on its way, with the share that has left.
 * @param {AbortSignal} signal Ends it.
 * @throws {UploadError} It did not arrive.
 */
export function upload(file, onProgress, signal) {
  const request = new XMLHttpRequest();
  const form = new FormData();
  // Unguessable, for the server's path is made of it.
  form.append("files", file, crypto.randomUUID?.() ?? String(Math.random()));
  request.open("POST", `${window.gradio_config?.root ?? ""}/gradio_api/upload`);
  request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
  signal.addEventListener("abort", () => request.abort());
  return new Promise((resolve, reject) => {
    request.onload = () => {
      if (request.status === 200) resolve(JSON.parse(request.responseText)[0]);
      else reject(new UploadError(request.status));
    };
    request.onerror = request.onabort = () => reject(new UploadError(0));
    request.send(form);
  });
}

export class UploadError extends Error {
  /** @param {number} status Of HTTP; 0 if there was no answer. */
  constructor(status) {
    super(`the upload ended with ${status}`);
    this.tooLarge = status === 413;
  }
}
