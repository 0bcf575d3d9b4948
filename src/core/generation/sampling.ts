import type { RandomStream } from '../random';

export interface Sampling {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
}

/**
 * The next token: the likeliest at temperature 0 (of equals the first), else drawn as transformers draws it: logits divided by
 * the temperature, cut to the `topK` likeliest, then to the likeliest that have `topP` together.
 */
export function nextToken(logits: Float32Array, { temperature, topK, topP }: Sampling, random: RandomStream): number {
  if (temperature === 0) return likeliest(logits);
  const size = topK > 0 ? Math.min(topK, logits.length) : logits.length;
  if (size === logits.length && topP === 1) {
    const highest = logits[likeliest(logits)] as number;
    return drawn(softmax(logits, highest, temperature), random);
  }
  const among = size < logits.length ? largest(logits, size) : nucleus(logits, { temperature, topP });
  const shares = softmax(
    among.map((id) => logits[id] as number),
    logits[among[0] as number] as number,
    temperature,
  );
  const kept = topP === 1 ? among.length : reaching(shares, topP);
  return among[drawn(shares.subarray(0, kept), random)] as number;
}

export function likeliest(logits: Float32Array): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if ((logits[i] as number) > (logits[best] as number)) best = i;
  return best;
}

/** Indices of the largest values, the largest first; of equals the first. */
export function largest(values: ArrayLike<number>, count: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (found.length === count && !(value > (values[found[count - 1] as number] as number))) continue;
    let [low, high] = [0, found.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[found[middle] as number] as number) >= value) low = middle + 1;
      else high = middle;
    }
    found.splice(low, 0, i);
    if (found.length > count) found.pop();
  }
  return found;
}

/**
 * Tokens among which all are that have `topP` together, the likeliest first. One with less than its share of the rest is not:
 * those like it do not even have that rest together.
 */
function nucleus(logits: Float32Array, { temperature, topP }: { temperature: number; topP: number }): number[] {
  const highest = logits[likeliest(logits)] as number;
  const shares = softmax(logits, highest, temperature);
  const least = (1 - topP) / logits.length;
  const ids: number[] = [];
  for (let i = 0; i < shares.length; i++) if ((shares[i] as number) >= least) ids.push(i);
  return ids.sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b);
}

function softmax(logits: ArrayLike<number>, highest: number, temperature: number): Float64Array {
  const shares = new Float64Array(logits.length);
  let sum = 0;
  for (let i = 0; i < shares.length; i++) {
    shares[i] = Math.exp(((logits[i] as number) - highest) / temperature);
    sum += shares[i] as number;
  }
  for (let i = 0; i < shares.length; i++) shares[i] = (shares[i] as number) / sum;
  return shares;
}

/** How many of the first reach this sum; at least one. */
function reaching(shares: Float64Array, sum: number): number {
  let [count, reached] = [0, 0];
  while (count < shares.length && reached < sum) reached += shares[count++] as number;
  return count;
}

/** An index, as likely as its share of all. */
function drawn(shares: Float64Array, random: RandomStream): number {
  let total = 0;
  for (const share of shares) total += share;
  let left = random.uniform() * total;
  let last = 0;
  for (let i = 0; i < shares.length; i++) {
    if (shares[i] === 0) continue;
    last = i;
    left -= shares[i] as number;
    if (left < 0) break;
  }
  return last;
}
