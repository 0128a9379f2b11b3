// Likely colours, out of a distribution over chroma bins: suggestions.py.

import { indexOfLargest } from "./numbers.js";

const ROUNDS = 20; // of k-means; it has come to rest long before

/**
 * The means of the clusters that a distribution falls into: weighted k-means over the bins.
 *
 * @param {Float64Array} shares Of each bin.
 * @param {number[][]} centers Colours of the bins.
 * @param {number} k Clusters at most.
 * @returns {{ chroma: number[], share: number }[]} The largest first.
 */
export function likelyColors(shares, centers, k) {
  let means = [centers[indexOfLargest(shares)]];
  while (means.length < k) {
    const left = centers.map((center, i) => shares[i] * Math.min(...means.map((mean) => distance(center, mean))));
    means.push(centers[indexOfLargest(left)]);
  }
  let masses;
  for (let round = 0; round < ROUNDS; round++) {
    masses = means.map(() => 0);
    const sums = means.map(() => [0, 0]);
    centers.forEach((center, i) => {
      const cluster = indexOfLargest(means.map((mean) => -distance(center, mean)));
      masses[cluster] += shares[i];
      sums[cluster][0] += shares[i] * center[0];
      sums[cluster][1] += shares[i] * center[1];
    });
    means = means.map((mean, i) => (masses[i] > 0 ? sums[i].map((sum) => sum / Math.max(masses[i], 1e-12)) : mean));
  }
  const clusters = means.map((chroma, i) => ({ chroma, share: masses[i] }));
  return clusters.filter(({ share }) => share > 0).sort((one, other) => other.share - one.share);
}

const distance = (point, mean) => (point[0] - mean[0]) ** 2 + (point[1] - mean[1]) ** 2;
