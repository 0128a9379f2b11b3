// Numbers as Python has them.

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Rounded to the nearest whole number, halves to even ones. */
export function rounded(value) {
  const whole = Math.round(value);
  return whole - value === 0.5 && whole % 2 !== 0 ? whole - 1 : whole;
}

/** The least `i` of the largest value. */
export function indexOfLargest(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** Shares that sum to 1, of logits. */
export function softmax(logits) {
  let largest = -Infinity;
  for (const logit of logits) largest = Math.max(largest, logit);
  const shares = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  let sum = 0;
  for (const share of shares) sum += share;
  return shares.map((share) => share / sum);
}
