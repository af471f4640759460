/**
 * The main job (`npm start`): held-out conceptual prompts, each drawn twice, literally by the base model and after
 * thinking; prints prompt, thought, refined prompt and scores, writes out/gallery.png and out/gallery.html.
 */
import * as path from 'node:path';
import { parseCli, writeAtomic } from '../lib/checkpoint';
import { Examiner, type ReaderScore } from '../lib/evaluation';
import { escapeHtml, imageGrid } from '../lib/notebook';
import { type Generated, ThinkThenGenerate } from '../lib/pipeline';
import { initBackend } from '../lib/tensor';
import { type Criteria, pickShowcase } from '../lib/world';

const DEFAULTS = {
  model: 'checkpoints/think-then-generate',
  base: 'checkpoints/base',
  examiner: 'checkpoints/examiner',
  out: 'out',
  steps: 12,
  guidance: 3,
  seed: 7,
  prompt: '',
};

interface Row {
  prompt: string;
  literal: Generated;
  thinking: Generated;
  /** Absent for a prompt of the user's own: nobody wrote down what its picture must show. */
  scores?: { literal: ReaderScore; thinking: ReaderScore };
}

const log = (text = ''): void => console.log(text);
const seconds = (x: number): string => `${x.toFixed(1)} s`;

function printRow(row: Row, index: number, count: number): void {
  const { thinking, literal, scores } = row;
  log(`\n[${index + 1}/${count}] ${row.prompt}`);
  log(`  thought  ${thinking.thought || '(none)'}`);
  log(
    `  refined  ${thinking.refinedPrompt}${thinking.fallback ? '   (no "Revised Prompt:" in the answer)' : ''}`,
  );
  if (scores)
    log(
      `  score    literal ${scores.literal.semantic.toFixed(2)}   think-then-generate ${scores.thinking.semantic.toFixed(2)}`,
    );
  log(
    `  time     think ${seconds(thinking.timings.think)}, draw ${seconds(thinking.timings.draw)} (literal ${seconds(literal.timings.draw)})`,
  );
}

async function drawRow(
  models: { base: ThinkThenGenerate; full: ThinkThenGenerate; examiner: Examiner },
  item: { prompt: string; criteria?: Criteria },
  settings: { steps: number; guidance: number; seed: number },
): Promise<Row> {
  const { prompt, criteria } = item;
  const thinking = await models.full.generate(prompt, settings);
  const literal = await models.base.generate(prompt, { ...settings, think: false });
  if (!criteria) return { prompt, literal, thinking };
  const [a, b] = models.examiner.scores([literal.image, thinking.image], [criteria, criteria]);
  return { prompt, literal, thinking, scores: { literal: a, thinking: b } };
}

async function galleryPng(rows: Row[]): Promise<Buffer> {
  const pictures = rows.flatMap(({ prompt, literal, thinking }) => [
    { data: literal.image, label: prompt },
    { data: thinking.image, label: thinking.refinedPrompt },
  ]);
  return imageGrid(pictures, { columns: 4, scale: 4 });
}

async function galleryHtml(rows: Row[], footer: string): Promise<string> {
  const picture = async (image: Uint8Array): Promise<string> => {
    const png = await imageGrid([image], { scale: 4, gap: 0 });
    return `<img width="256" height="256" src="data:image/png;base64,${png.toString('base64')}" alt="">`;
  };
  const body = await Promise.all(
    rows.map(async ({ prompt, literal, thinking, scores }) => {
      const score = (s?: ReaderScore): string =>
        s ? `<p class="score">score ${s.semantic.toFixed(2)}</p>` : '';
      return `<section><h2>“${escapeHtml(prompt)}”</h2><div class="pair">
<figure>${await picture(literal.image)}<figcaption>literal base model${score(scores?.literal)}</figcaption></figure>
<figure>${await picture(thinking.image)}<figcaption>think-then-generate${score(scores?.thinking)}</figcaption></figure>
<div class="words"><h3>Thought</h3><p>${escapeHtml(thinking.thought)}</p><h3>Revised prompt</h3><p class="refined">${escapeHtml(thinking.refinedPrompt)}</p></div>
</div></section>`;
    }),
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Think-Then-Generate: gallery</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:980px;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fafafa}
h2{font-size:1.15rem;margin:2rem 0 .6rem}h3{font-size:.8rem;text-transform:uppercase;letter-spacing:.05em;color:#777;margin:.2rem 0}
.pair{display:flex;gap:1.2rem;flex-wrap:wrap}figure{margin:0;text-align:center}figcaption{font-size:.85rem;color:#555}
img{image-rendering:pixelated;border-radius:8px;box-shadow:0 1px 4px #0003}.words{flex:1;min-width:240px}.refined{font-weight:600}.score{margin:0}
footer{margin-top:3rem;color:#777;font-size:.85rem}
</style>
<h1>Think, then generate</h1>
<p>The same prompt and the same seed, without and with thinking.</p>
${body.join('\n')}
<footer>${escapeHtml(footer)}</footer></html>
`;
}

async function main(): Promise<void> {
  const options = parseCli(DEFAULTS, {
    name: 'npm start --',
    help: 'Draws conceptual prompts literally and after thinking; writes a gallery.',
    describe: {
      model: 'model folder that thinks',
      base: 'base model folder, for the literal picture',
      examiner: 'folder of the reader that scores the pictures',
      out: 'folder of gallery.png and gallery.html',
      steps: 'denoising steps',
      guidance: 'classifier-free guidance; 1 = none',
      seed: 'seed of the pictures',
      prompt: 'your own prompt instead of the six held-out ones; several are separated by |',
    },
  });
  const began = Date.now();
  const { name, detail, threads } = await initBackend();
  log(`backend ${name} (${detail}), ${threads} threads`);
  const models = {
    base: await ThinkThenGenerate.fromPretrained(options.base),
    full: await ThinkThenGenerate.fromPretrained(options.model),
    examiner: Examiner.fromPretrained(options.examiner),
  };
  const own = options.prompt.split('|').filter((text) => text.trim() !== '');
  const items: { prompt: string; criteria?: Criteria }[] = own.length
    ? own.map((prompt) => ({ prompt }))
    : pickShowcase();
  const rows: Row[] = [];
  let first = 0;
  for (const item of items) {
    const { steps, guidance, seed } = options;
    rows.push(await drawRow(models, item, { steps, guidance, seed }));
    first ||= (Date.now() - began) / 1000;
    printRow(rows[rows.length - 1], rows.length - 1, items.length);
  }
  const footer = `${options.model} beside ${options.base}, ${options.steps} steps, guidance ${options.guidance}, seed ${options.seed}, backend ${name}. Scores by the evaluation reader, which no training saw.`;
  writeAtomic(path.join(options.out, 'gallery.png'), await galleryPng(rows));
  writeAtomic(path.join(options.out, 'gallery.html'), await galleryHtml(rows, footer));
  log(`\nfirst pair after ${seconds(first)}, all after ${seconds((Date.now() - began) / 1000)}`);
  log(`wrote ${path.join(options.out, 'gallery.html')} and ${path.join(options.out, 'gallery.png')}`);
}

main().catch((error: Error) => {
  console.error(`error: ${error.message}`);
  process.exit(1);
});
