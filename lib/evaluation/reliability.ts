/** Reliability: of the answers given with a certain sureness, how many are true. */

export interface ReliabilityBin {
  /** Mean score of the bin's answers. */
  score: number;
  /** Share of them that are true. */
  truth: number;
  n: number;
}

/**
 * Answers in bins of equal width; empty bins are left out.
 * @param answers scores in [0, 1] and whether what was asked is true
 */
export function reliabilityBins(
  answers: readonly { score: number; truth: boolean }[],
  bins = 10,
): ReliabilityBin[] {
  const sums = Array.from({ length: bins }, () => ({ score: 0, truth: 0, n: 0 }));
  for (const { score, truth } of answers) {
    if (!(score >= 0 && score <= 1)) throw new Error(`reliability: score is ${score}, want one in [0, 1]`);
    const bin = sums[Math.min(bins - 1, Math.floor(score * bins))];
    bin.score += score;
    bin.truth += truth ? 1 : 0;
    bin.n++;
  }
  return sums
    .filter(({ n }) => n > 0)
    .map(({ score, truth, n }) => ({ score: score / n, truth: truth / n, n }));
}

/** Mean distance between sureness and truth over all answers (expected calibration error). */
export function calibrationError(bins: readonly ReliabilityBin[]): number {
  const n = bins.reduce((sum, bin) => sum + bin.n, 0);
  return bins.reduce((sum, bin) => sum + (bin.n / n) * Math.abs(bin.score - bin.truth), 0);
}
