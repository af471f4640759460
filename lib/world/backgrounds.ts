/** The 64x64 places that scenes happen in, by time of day; every pixel is fixed. The ground begins at HORIZON. */
import { Canvas, mixRgb, Rgb } from './canvas';
import { Background, PLAIN_BACKGROUNDS, TimeOfDay } from './types';

export const SCENE_SIZE = 64;
/** Three patch rows of sky; objects of every row stand below it. */
export const HORIZON = 24;

/** How a background is said: after an object, and as a noun of its own. */
export const BACKGROUND_WORDS: Record<Background, { where: string; noun: string }> = {
  white: { where: 'on a white background', noun: 'a white background' },
  red: { where: 'on a red background', noun: 'a red background' },
  blue: { where: 'on a blue background', noun: 'a blue background' },
  yellow: { where: 'on a yellow background', noun: 'a yellow background' },
  green: { where: 'on a green background', noun: 'a green background' },
  meadow: { where: 'in a meadow', noun: 'a meadow' },
  snow: { where: 'in the snow', noun: 'a field of snow' },
  desert: { where: 'in a desert', noun: 'a desert' },
  sea: { where: 'on the sea', noun: 'the sea' },
  beach: { where: 'on a beach', noun: 'a beach' },
  table: { where: 'on a table', noun: 'a table' },
  room: { where: 'in a room', noun: 'a room' },
  city: { where: 'in a city', noun: 'a city' },
  space: { where: 'in outer space', noun: 'outer space' },
  lake: { where: 'on a lake', noun: 'a lake' },
  forest: { where: 'in a forest', noun: 'a forest' },
  sky: { where: 'in the sky', noun: 'the sky' },
  board: { where: 'on a blackboard', noun: 'a blackboard' },
  paper: { where: 'on a sheet of paper', noun: 'a sheet of paper' },
};

export const TIME_WORDS: Record<TimeOfDay, string> = {
  day: 'by day',
  night: 'at night',
  sunrise: 'at sunrise',
  sunset: 'at sunset',
};

/** Whether a time of day can be seen there. */
export function hasTime(background: Background): boolean {
  return !(
    (PLAIN_BACKGROUNDS as readonly string[]).includes(background) ||
    background === 'board' ||
    background === 'paper' ||
    background === 'space'
  );
}

/** The colour of writing there, or undefined where nothing can be written. */
export function inkOf(background: Background): Rgb | undefined {
  if (background === 'board') return [245, 250, 240];
  if (background === 'paper' || background === 'white' || background === 'yellow') return [20, 20, 30];
  return (PLAIN_BACKGROUNDS as readonly string[]).includes(background) ? [255, 255, 255] : undefined;
}

const PLAIN: Record<(typeof PLAIN_BACKGROUNDS)[number], Rgb> = {
  white: [255, 255, 255],
  red: [214, 60, 52],
  blue: [62, 108, 214],
  yellow: [248, 216, 88],
  green: [74, 160, 84],
};

const SKY: Record<TimeOfDay, readonly Rgb[]> = {
  day: [
    [126, 196, 250],
    [200, 232, 255],
  ],
  night: [
    [10, 16, 52],
    [30, 42, 96],
  ],
  sunrise: [
    [150, 196, 240],
    [255, 224, 170],
    [255, 184, 120],
  ],
  sunset: [
    [84, 56, 140],
    [196, 78, 120],
    [250, 122, 62],
  ],
};

/** What the hour does to the colours of the ground. */
const LIGHT: Record<TimeOfDay, { colour: Rgb; amount: number }> = {
  day: { colour: [255, 255, 255], amount: 0 },
  night: { colour: [12, 20, 60], amount: 0.66 },
  sunrise: { colour: [255, 190, 120], amount: 0.22 },
  sunset: { colour: [110, 50, 90], amount: 0.38 },
};

const STARS: readonly (readonly [number, number])[] = [
  [5, 4],
  [14, 12],
  [24, 3],
  [33, 9],
  [43, 4],
  [51, 13],
  [59, 6],
  [9, 19],
  [38, 18],
];
const MORE_STARS: readonly (readonly [number, number])[] = [
  [3, 30],
  [12, 41],
  [20, 54],
  [31, 35],
  [45, 28],
  [56, 38],
  [50, 51],
  [61, 58],
  [36, 60],
  [6, 57],
];

const STAR: Rgb = [250, 246, 214];

function sky(canvas: Canvas, time: TimeOfDay, bottom: number): void {
  canvas.gradient(0, bottom, SKY[time]);
  if (time === 'night')
    for (const [x, y] of bottom > 40 ? [...STARS, ...MORE_STARS] : STARS)
      if (y < bottom - 2) canvas.rect(x, y, 1, 1, STAR);
}

function lit(rgb: Rgb, time: TimeOfDay): Rgb {
  return mixRgb(rgb, LIGHT[time].colour, LIGHT[time].amount);
}

/** Sky above, one colour below (a little darker towards the front). */
function ground(canvas: Canvas, time: TimeOfDay, rgb: Rgb, top = HORIZON): void {
  canvas.gradient(top, SCENE_SIZE, [lit(rgb, time), lit(mixRgb(rgb, [0, 0, 0], 0.12), time)]);
}

const SKYLINE: readonly (readonly [number, number, number])[] = [
  // x, width, top
  [0, 9, 12],
  [9, 7, 5],
  [16, 10, 14],
  [26, 6, 8],
  [32, 9, 15],
  [41, 8, 4],
  [49, 7, 11],
  [56, 8, 7],
];

const PAINTERS: Partial<Record<Background, (canvas: Canvas, time: TimeOfDay) => void>> = {
  meadow: (c, t) => {
    sky(c, t, HORIZON);
    ground(c, t, [116, 196, 84]);
  },
  snow: (c, t) => {
    sky(c, t, HORIZON);
    c.ellipse(14, 26, 26, 8, lit([226, 236, 248], t)).ellipse(54, 26, 24, 6, lit([226, 236, 248], t));
    ground(c, t, [246, 250, 255], HORIZON + 1);
  },
  desert: (c, t) => {
    sky(c, t, HORIZON);
    c.ellipse(46, 27, 26, 10, lit([222, 176, 104], t)).ellipse(8, 26, 22, 6, lit([228, 186, 112], t));
    ground(c, t, [236, 200, 128], HORIZON + 1);
  },
  sea: (c, t) => {
    sky(c, t, HORIZON);
    ground(c, t, [44, 128, 200]);
    for (const [x, y] of [
      [6, 30],
      [34, 33],
      [52, 40],
      [14, 44],
      [40, 52],
      [8, 58],
    ])
      c.rect(x, y, 8, 1, lit([150, 206, 240], t));
  },
  beach: (c, t) => {
    sky(c, t, 18);
    c.gradient(18, 30, [lit([44, 128, 200], t), lit([92, 176, 220], t)]);
    c.rect(0, 29, SCENE_SIZE, 1, lit([240, 248, 252], t));
    ground(c, t, [244, 220, 160], 30);
  },
  table: (c, t) => {
    c.gradient(0, HORIZON, [lit([248, 236, 214], t), lit([240, 224, 198], t)]);
    ground(c, t, [176, 116, 64]);
    c.rect(0, HORIZON, SCENE_SIZE, 2, lit([206, 150, 94], t));
  },
  room: (c, t) => {
    c.gradient(0, 30, [lit([206, 214, 232], t), lit([192, 202, 224], t)]);
    c.rect(3, 2, 18, 20, lit([250, 250, 250], t));
    const window = new Canvas(SCENE_SIZE, 18).gradient(0, 18, SKY[t]);
    for (let y = 0; y < 16; y++)
      for (let x = 0; x < 14; x++) {
        const at = (y * SCENE_SIZE + x) * 4;
        c.rect(5 + x, 4 + y, 1, 1, [window.data[at], window.data[at + 1], window.data[at + 2]]);
      }
    c.rect(11.5, 3, 1, 18, lit([250, 250, 250], t)).rect(4, 11.5, 16, 1, lit([250, 250, 250], t));
    ground(c, t, [214, 176, 136], 30);
    c.rect(0, 29, SCENE_SIZE, 1, lit([246, 246, 246], t));
  },
  city: (c, t) => {
    sky(c, t, HORIZON);
    SKYLINE.forEach(([x, width, top], i) => {
      c.rect(x, top, width, HORIZON - top, lit(i % 2 ? [128, 138, 158] : [104, 114, 136], t));
      const window: Rgb = t === 'night' ? [255, 224, 120] : lit([214, 226, 240], t);
      for (let wy = top + 2; wy < HORIZON - 1; wy += 3)
        for (let wx = x + 1; wx < x + width - 1; wx += 2) c.rect(wx, wy, 1, 1, window);
    });
    ground(c, t, [122, 124, 130]);
    for (let x = 2; x < SCENE_SIZE; x += 16) c.rect(x, 43, 8, 2, lit([236, 230, 200], t));
  },
  space: (c) => {
    c.gradient(0, SCENE_SIZE, [
      [8, 6, 22],
      [22, 12, 44],
    ]);
    for (const [x, y] of [...STARS, ...MORE_STARS]) c.rect(x, y, 1, 1, STAR);
    for (const [x, y] of MORE_STARS) c.rect((x * 7) % 64, (y * 11) % 64, 1, 1, [150, 150, 200]);
  },
  lake: (c, t) => {
    sky(c, t, 18);
    ground(c, t, [116, 196, 84], 18);
    c.ellipse(32, 42, 38, 20, lit([76, 156, 214], t));
    for (const [x, y] of [
      [10, 32],
      [44, 36],
      [22, 48],
      [40, 56],
    ])
      c.rect(x, y, 7, 1, lit([160, 212, 240], t));
  },
  forest: (c, t) => {
    sky(c, t, HORIZON);
    ground(c, t, [72, 128, 66]);
    for (let i = 0; i < 8; i++) {
      const x = i * 9 - 2 + (i % 2);
      const top = i % 2 ? 2 : 6;
      const green = lit(i % 2 ? [36, 92, 56] : [48, 108, 62], t);
      c.rect(x + 4, 22, 2, 5, lit([88, 60, 40], t));
      c.polygon(
        [
          [x + 5, top],
          [x + 11, 24],
          [x - 1, 24],
        ],
        green,
      );
    }
  },
  sky: (c, t) => {
    sky(c, t, SCENE_SIZE);
    const cloud = mixRgb([255, 255, 255], LIGHT[t].colour, LIGHT[t].amount * 0.9);
    for (const [x, y] of [
      [12, 56],
      [52, 60],
    ])
      c.ellipse(x, y, 10, 4, cloud)
        .ellipse(x - 3, y - 3, 5, 4, cloud)
        .ellipse(x + 4, y - 2, 4, 3, cloud);
  },
  board: (c) => {
    c.rect(0, 0, SCENE_SIZE, SCENE_SIZE, [134, 88, 46]);
    c.rect(1, 1, SCENE_SIZE - 2, SCENE_SIZE - 2, [34, 92, 62]);
  },
  paper: (c) => {
    c.rect(0, 0, SCENE_SIZE, SCENE_SIZE, [190, 184, 166]);
    c.rect(1, 1, SCENE_SIZE - 2, SCENE_SIZE - 2, [252, 246, 226]);
  },
};

const cache = new Map<string, Uint8Array>();

/** The empty place: RGB, [64, 64, 3]. Shared: copy before drawing on it. */
export function backgroundPixels(background: Background, time: TimeOfDay = 'day'): Uint8Array {
  const key = `${background} ${hasTime(background) ? time : 'day'}`;
  let rgb = cache.get(key);
  if (!rgb) {
    const canvas = new Canvas(SCENE_SIZE, SCENE_SIZE);
    const paint = PAINTERS[background];
    if (paint) paint(canvas, time);
    else canvas.gradient(0, SCENE_SIZE, [PLAIN[background as keyof typeof PLAIN]]);
    rgb = new Uint8Array(SCENE_SIZE * SCENE_SIZE * 3);
    for (let i = 0; i < SCENE_SIZE * SCENE_SIZE; i++)
      for (let c = 0; c < 3; c++) rgb[i * 3 + c] = canvas.data[i * 4 + c];
    cache.set(key, rgb);
  }
  return rgb;
}
