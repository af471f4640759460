/** Cuts one of four panels out of a picture and enlarges it, so that a reader of whole pictures can read it. */
import { PANEL_SIDE, panelCorner } from '../world';

const SIDE = 64;

/** Panel 0..3 of RGB bytes [64, 64, 3], bilinearly enlarged to [64, 64, 3]. */
export function panelPicture(image: Uint8Array, index: number): Uint8Array {
  const corner = panelCorner(index);
  const out = new Uint8Array(SIDE * SIDE * 3);
  const last = PANEL_SIDE - 1;
  const place = (i: number): [at: number, share: number] => {
    const from = Math.min(last, Math.max(0, ((i + 0.5) * PANEL_SIDE) / SIDE - 0.5));
    const at = Math.min(last - 1, Math.floor(from));
    return [at, from - at];
  };
  for (let y = 0; y < SIDE; y++) {
    const [y0, ty] = place(y);
    for (let x = 0; x < SIDE; x++) {
      const [x0, tx] = place(x);
      const at = ((corner.y + y0) * SIDE + corner.x + x0) * 3;
      for (let c = at; c < at + 3; c++) {
        const top = image[c] * (1 - tx) + image[c + 3] * tx;
        const bottom = image[c + SIDE * 3] * (1 - tx) + image[c + SIDE * 3 + 3] * tx;
        out[(y * SIDE + x) * 3 + c - at] = Math.round(top * (1 - ty) + bottom * ty);
      }
    }
  }
  return out;
}
