/** The sprites of the artists that only judges learn from: drawn once from the npm packages, then kept in runs/. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { writeAtomic } from '../../lib/checkpoint';
import type { ExtraArt } from '../../lib/rewards';
import { CONCEPTS } from '../../lib/world';
import { areaResample } from '../../lib/world/resample';
import { type ExtraArtist, iconSvg } from '../../lib/world/icons';
import { drawIcons } from './draw-icons';

const TOP = 40;

/** Sprites by concept name, 40 px; drawn on the first call (about a minute), read from `dir` afterwards. */
async function spritesOf(artist: ExtraArtist, dir: string): Promise<Map<string, Uint8Array>> {
  const file = path.join(dir, `${artist}.json`);
  let kept: Record<string, string>;
  if (fs.existsSync(file)) kept = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, string>;
  else {
    const jobs = CONCEPTS.filter(({ id }) => iconSvg(artist, id)).map(({ id, name }) => ({
      artist,
      id,
      name,
    }));
    const replies = await drawIcons(jobs);
    kept = {};
    for (const { index, levels } of replies) if (levels) kept[jobs[index].name] = levels[levels.length - 1];
    fs.mkdirSync(dir, { recursive: true });
    writeAtomic(file, JSON.stringify(kept));
  }
  return new Map(
    Object.entries(kept).map(([name, data]) => [name, new Uint8Array(Buffer.from(data, 'base64'))]),
  );
}

/** The artists as sources of sprites; smaller sizes are averaged from the largest. */
export async function extraArt(artists: readonly ExtraArtist[], dir = 'runs/judge-art'): Promise<ExtraArt[]> {
  const all: ExtraArt[] = [];
  for (const artist of artists) {
    const sprites = await spritesOf(artist, dir);
    const scaled = new Map<string, Uint8Array>();
    all.push({
      name: artist,
      draws: (concept) => sprites.has(concept),
      sprite: (concept, px) => {
        const top = sprites.get(concept);
        if (!top) throw new Error(`concept "${concept}" is not drawn by ${artist}`);
        if (px === TOP) return top;
        const key = `${concept}/${px}`;
        let sprite = scaled.get(key);
        if (!sprite) {
          const source = { width: TOP, height: TOP, data: top };
          sprite = areaResample(source, { x: 0, y: 0, width: TOP, height: TOP }, px, px).data;
          scaled.set(key, sprite);
        }
        return sprite;
      },
    });
    console.log(`${artist}: ${sprites.size} of ${CONCEPTS.length} concepts`);
  }
  return all;
}
