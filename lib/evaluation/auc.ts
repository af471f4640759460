/** Area under the ROC curve: how surely a score ranks right above wrong. */

/**
 * Probability that a random positive scores above a random negative (ties count half); NaN-free, O(n log n).
 * @throws when either side is empty
 */
export function rocAuc(positives: readonly number[], negatives: readonly number[]): number {
  if (positives.length === 0 || negatives.length === 0)
    throw new Error(
      `AUC: ${positives.length} positives and ${negatives.length} negatives, want some of both`,
    );
  const all = [...positives.map((v) => ({ v, p: 1 })), ...negatives.map((v) => ({ v, p: 0 }))].sort(
    (a, b) => a.v - b.v,
  );
  let rankSum = 0;
  for (let i = 0; i < all.length;) {
    let j = i;
    while (j < all.length && all[j].v === all[i].v) j++;
    const rank = (i + j + 1) / 2; // mean of ranks i + 1 .. j
    for (let k = i; k < j; k++) rankSum += all[k].p * rank;
    i = j;
  }
  const P = positives.length;
  return (rankSum - (P * (P + 1)) / 2) / (P * negatives.length);
}
