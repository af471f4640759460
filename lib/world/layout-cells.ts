/** The tables of the layout: sides in pixels, and the fixed top left corners of objects by size, count and company. */
import { Size } from './types';

/** Side in pixels of a single object; small objects in crowded company shrink to SMALLEST. */
export const SIZE_PX: Record<Size, number> = { small: 20, medium: 26, large: 40 };
export const SMALLEST = 16;

export type Cell = readonly [number, number];
export interface Cells {
  px: number;
  at: readonly Cell[];
}

/** One kind of object in the picture. Feet of every row are below the horizon. */
export const ALONE: Record<Size, readonly (readonly Cell[])[]> = {
  large: [[[12, 14]]],
  medium: [
    [[19, 26]],
    [
      [5, 26],
      [33, 26],
    ],
    [
      [19, 4],
      [4, 34],
      [34, 34],
    ],
    [
      [5, 4],
      [33, 4],
      [5, 34],
      [33, 34],
    ],
  ],
  small: [
    [[22, 32]],
    [
      [10, 32],
      [34, 32],
    ],
    [
      [1, 32],
      [22, 32],
      [43, 32],
    ],
    [
      [10, 10],
      [34, 10],
      [10, 38],
      [34, 38],
    ],
    [
      [1, 10],
      [22, 10],
      [43, 10],
      [11, 38],
      [33, 38],
    ],
  ],
};

/** One kind of object in the left half; the right half is 32 further. */
export const HALF: Record<'medium' | 'small', readonly Cells[]> = {
  medium: [
    { px: 26, at: [[3, 26]] },
    {
      px: 26,
      at: [
        [3, 4],
        [3, 34],
      ],
    },
  ],
  small: [
    { px: 20, at: [[6, 32]] },
    {
      px: SMALLEST,
      at: [
        [8, 12],
        [8, 38],
      ],
    },
    {
      px: SMALLEST,
      at: [
        [8, 12],
        [0, 38],
        [16, 38],
      ],
    },
    {
      px: SMALLEST,
      at: [
        [0, 12],
        [16, 12],
        [0, 38],
        [16, 38],
      ],
    },
    {
      px: SMALLEST,
      at: [
        [0, 10],
        [16, 10],
        [8, 26],
        [0, 42],
        [16, 42],
      ],
    },
  ],
};

/** x of objects in one row of a stack, by size and count. */
export const ROW: Record<'medium' | 'small', readonly { px: number; xs: readonly number[] }[]> = {
  medium: [
    { px: 26, xs: [19] },
    { px: 26, xs: [5, 33] },
  ],
  small: [
    { px: 20, xs: [22] },
    { px: 20, xs: [10, 34] },
    { px: 20, xs: [1, 22, 43] },
    { px: SMALLEST, xs: [0, 16, 32, 48] },
  ],
};
