/** Is a drawn picture a copy? The nearest of the pictures that were trained on, by distance of pixels. */

export interface NearestPicture {
  /** Its place among the others. */
  index: number;
  /** Root of the mean squared difference of the bytes, 0 (the same) to 255. */
  rmse: number;
}

/** @throws when there are no others, or one has another size */
export function nearestPicture(picture: Uint8Array, others: readonly Uint8Array[]): NearestPicture {
  if (others.length === 0) throw new Error('nearestPicture: there are no others, want at least one');
  let best: NearestPicture = { index: -1, rmse: Infinity };
  others.forEach((other, index) => {
    if (other.length !== picture.length)
      throw new Error(`nearestPicture: other ${index} has ${other.length} bytes, want ${picture.length}`);
    let sum = 0;
    for (let i = 0; i < picture.length; i++) sum += (picture[i] - other[i]) ** 2;
    const rmse = Math.sqrt(sum / picture.length);
    if (rmse < best.rmse) best = { index, rmse };
  });
  return best;
}
