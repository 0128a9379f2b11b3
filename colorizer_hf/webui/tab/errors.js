/** Something that a person can act on: the message is a sentence for them, without its full stop, as in errors.py. */
export class ColorizerError extends Error {
  name = "ColorizerError";
}
