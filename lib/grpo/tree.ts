/**
 * The rollout record: it grows from prompt to thoughts to images to scores to advantages and is never rebuilt.
 * Tensors in it belong to the record; `disposeTree` frees them, `treeView` keeps what a viewer wants as JSON.
 */
import { disposeConditioning, disposeRollout } from '../diffusion';
import type { Conditioning, Rollout, SdeWindow } from '../diffusion';
import type { PictureScore } from '../rewards';
import type { Criteria } from '../world';
import type { Betas } from './schedulers';

/** What Dual-GRPO trains on: a raw prompt and how its pictures are judged. */
export interface RlPrompt {
  id: string;
  prompt: string;
  criteria: Criteria;
}

export interface ImageNode {
  /** 64 * 64 * 3 RGB bytes. */
  pixels: Uint8Array;
  score?: PictureScore;
  /** DiT reward R2 before normalisation, and its advantage in the group of K. */
  reward?: number;
  advantage?: number;
}

export interface ThoughtNode {
  /** The whole response as text. */
  text: string;
  thought: string;
  refinedPrompt: string;
  /** True when the response broke the format and the whole output stood in for the refined prompt. */
  fallback: boolean;
  /** True when the response hit the length limit before its end token. */
  truncated: boolean;
  /** Response tokens, the end token included. */
  tokenIds: number[];
  /** Log-probability of each token when it was sampled (decoding with a cache). */
  samplerLogProbs: number[];
  /** The same under the rollout's weights, by the function the update uses: the "old" policy of the ratio. */
  logProbs?: number[];
  /** What the painter was told: refined prompt re-encoded on its own by the rollout's LLM. [1, S, D] */
  conditioning?: Conditioning;
  /** K images' latents and log-probabilities in the window. */
  rollout?: Rollout;
  images: ImageNode[];
  /** LLM reward R1 (mean semantic score of the images), and its advantage in the group of J. */
  reward?: number;
  advantage?: number;
}

export interface PromptNode {
  prompt: RlPrompt;
  /** Token ids of the think prompt. */
  promptIds: number[];
  /** One window per group: windows that differ inside a group make training collapse. */
  window: SdeWindow;
  thoughts: ThoughtNode[];
}

export interface RolloutTree {
  step: number;
  beta: Betas;
  prompts: PromptNode[];
}

export const thoughtsOf = (tree: RolloutTree): ThoughtNode[] => tree.prompts.flatMap((p) => p.thoughts);
export const imagesOf = (tree: RolloutTree): ImageNode[] => thoughtsOf(tree).flatMap((t) => t.images);

/** Frees the tensors of a tree; texts, pixels and numbers stay readable. */
export function disposeTree(tree: RolloutTree): void {
  for (const thought of thoughtsOf(tree)) {
    if (thought.rollout) disposeRollout(thought.rollout);
    if (thought.conditioning) disposeConditioning(thought.conditioning);
    thought.rollout = undefined;
    thought.conditioning = undefined;
  }
}

/** A tree as plain JSON: what the rollout-tree viewer reads. */
export interface TreeView {
  step: number;
  beta: Betas;
  prompts: {
    id: string;
    prompt: string;
    window: SdeWindow;
    thoughts: {
      thought: string;
      refinedPrompt: string;
      fallback: boolean;
      truncated: boolean;
      tokens: number;
      reward: number;
      advantage: number;
      images: {
        /** Side in pixels, and base64 of side * side * 3 RGB bytes. */
        side: number;
        rgb: string;
        scores: { total: number; semantic: number; aesthetic: number; consistency: number };
        parts: Record<string, number>;
        reward: number;
        advantage: number;
      }[];
    }[];
  }[];
}

/** The JSON view of a finished (scored) tree. */
export function treeView(tree: RolloutTree): TreeView {
  const round = (x: number | undefined): number => (x === undefined ? 0 : Math.round(x * 1e4) / 1e4);
  return {
    step: tree.step,
    beta: tree.beta,
    prompts: tree.prompts.map(({ prompt, window, thoughts }) => ({
      id: prompt.id,
      prompt: prompt.prompt,
      window,
      thoughts: thoughts.map((t) => ({
        thought: t.thought,
        refinedPrompt: t.refinedPrompt,
        fallback: t.fallback,
        truncated: t.truncated,
        tokens: t.tokenIds.length,
        reward: round(t.reward),
        advantage: round(t.advantage),
        images: t.images.map((image) => ({
          side: Math.round(Math.sqrt(image.pixels.length / 3)),
          rgb: Buffer.from(image.pixels).toString('base64'),
          scores: {
            total: round(image.score?.total),
            semantic: round(image.score?.semantic),
            aesthetic: round(image.score?.aesthetic),
            consistency: round(image.score?.consistency),
          },
          parts: Object.fromEntries(Object.entries(image.score?.parts ?? {}).map(([k, v]) => [k, round(v)])),
          reward: round(image.reward),
          advantage: round(image.advantage),
        })),
      })),
    })),
  };
}
