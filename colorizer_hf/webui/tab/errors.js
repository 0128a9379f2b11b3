/** Something that a person can act on: the message is a sentence for them, without its full stop, as in errors.py. */
export class ColorizerError extends Error {
  name = "ColorizerError";
}

export const tooLarge = () =>
  new ColorizerError("this browser cannot make a picture of so many pixels; make the photo smaller, or use the package colorizer_hf");
