/**
 * The rollout tree of one Dual-GRPO iteration as something to look at:
 * prompt -> J thoughts -> K pictures, each with its scores and advantages.
 */
import sharp from 'sharp';
import type { TreeView } from '../grpo';
import { escapeHtml, inNotebook, showHtml } from './display';

const signed = (x: number): string => (x >= 0 ? '+' : '−') + Math.abs(x).toFixed(2);
/** Green for what will be made likelier, red for what will be made rarer. */
const colourOf = (advantage: number): string =>
  advantage > 0.05 ? '#2e7d32' : advantage < -0.05 ? '#c62828' : '#777';

async function dataUrl(rgb: string, side: number): Promise<string> {
  const raw = Buffer.from(rgb, 'base64');
  const png = await sharp(raw, { raw: { width: side, height: side, channels: 3 } })
    .png({ palette: true })
    .toBuffer();
  return 'data:image/png;base64,' + png.toString('base64');
}

/** The tree as self-contained HTML; `prompts` bounds how many prompt groups are drawn. */
export async function rolloutTreeHtml(tree: TreeView, options: { prompts?: number } = {}): Promise<string> {
  const groups = await Promise.all(
    tree.prompts.slice(0, options.prompts ?? tree.prompts.length).map(async (group) => {
      const thoughts = await Promise.all(
        group.thoughts.map(async (thought) => {
          const pictures = await Promise.all(
            thought.images.map(async (image) => {
              const { semantic, aesthetic, consistency } = image.scores;
              const title = `semantic ${semantic.toFixed(2)}, aesthetic ${aesthetic.toFixed(2)}, consistency ${consistency.toFixed(2)}`;
              return (
                `<figure style="margin:0 6px 0 0;text-align:center;font-size:11px;display:inline-block">` +
                `<img src="${await dataUrl(image.rgb, image.side)}" width="96" height="96" title="${title}" ` +
                `style="image-rendering:pixelated;border:3px solid ${colourOf(image.advantage)}"><br>` +
                `R2 ${image.reward.toFixed(2)} <b style="color:${colourOf(image.advantage)}">${signed(image.advantage)}</b></figure>`
              );
            }),
          );
          const warning = thought.fallback
            ? ' <i>(no “Revised Prompt:”)</i>'
            : thought.truncated
              ? ' <i>(cut off)</i>'
              : '';
          return (
            `<div style="margin:8px 0 8px 18px;padding-left:10px;border-left:3px solid ${colourOf(thought.advantage)}">` +
            `<div style="font-size:12px;color:#555">${escapeHtml(thought.thought)}${warning}</div>` +
            `<div><b>${escapeHtml(thought.refinedPrompt)}</b> &nbsp; R1 ${thought.reward.toFixed(2)} ` +
            `<b style="color:${colourOf(thought.advantage)}">${signed(thought.advantage)}</b></div>${pictures.join('')}</div>`
          );
        }),
      );
      return `<div style="margin-bottom:12px"><div style="font-size:15px"><b>“${escapeHtml(group.prompt)}”</b></div>${thoughts.join('')}</div>`;
    }),
  );
  return `<div style="font-family:sans-serif;background:#fff;color:#111;padding:6px">${groups.join('')}</div>`;
}

/** The tree as indented text, for terminals. */
export function rolloutTreeText(tree: TreeView, options: { prompts?: number } = {}): string {
  const lines: string[] = [];
  for (const group of tree.prompts.slice(0, options.prompts ?? tree.prompts.length)) {
    lines.push(`"${group.prompt}"`);
    for (const thought of group.thoughts) {
      lines.push(
        `  A ${signed(thought.advantage)}  R1 ${thought.reward.toFixed(2)}  ${thought.refinedPrompt}`,
      );
      const pictures = thought.images.map(
        (image) => `${image.reward.toFixed(2)} (${signed(image.advantage)})`,
      );
      lines.push(`      pictures: ${pictures.join('  ')}`);
    }
  }
  return lines.join('\n');
}

/** Shows the tree in the cell; prints it as text elsewhere. */
export async function showRolloutTree(tree: TreeView, options: { prompts?: number } = {}): Promise<void> {
  const text = rolloutTreeText(tree, options);
  showHtml(inNotebook() ? await rolloutTreeHtml(tree, options) : '', text);
}
