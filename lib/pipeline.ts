/**
 * The whole system behind one object: prompt -> thought -> refined prompt -> hidden states -> picture.
 * With `think: false` the prompt itself conditions the painter: the literal base model to compare with.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { baseChain, findPart, resolvePart } from './checkpoint';
import {
  disposeConditioning,
  disposeLora,
  loadFlow,
  loadLora,
  mergeLora,
  odeSampler,
  QwenImageTransformer,
  unpatchify,
} from './diffusion';
import type { Conditioning, Denoiser, ImageSeed } from './diffusion';
import { encodeForDrawing, Qwen2, think, thinkMany, Tokenizer } from './encoder';
import type { Thought } from './encoder';
import { tf } from './tensor';

/** What guidance moves away from, as in the official release. */
export const NEGATIVE_PROMPT = ' ';
export const DEFAULT_STEPS = 12;
export const DEFAULT_GUIDANCE = 3;
/** Prompts longer than this are refused; the context holds far less. */
export const MAX_PROMPT_CHARACTERS = 2000;

export interface ThinkSettings {
  maxNewTokens?: number;
  /** 0 (default) is greedy, as in the official inference. */
  temperature?: number;
  seed?: number;
}

export interface DrawSettings {
  /** Denoising steps, 1 or more; default 12. */
  steps?: number;
  /** Classifier-free guidance; 1 is the plain conditional prediction. Default 3. */
  guidance?: number;
  seed?: number;
}

/** What `onStep` sees after every denoising step. */
export interface DrawProgress {
  /** Steps done, 1 .. steps. */
  step: number;
  steps: number;
  sigma: number;
  /** The clean picture as foreseen now, RGB bytes; costs a read-back, so call it only when you show it. */
  preview(): Promise<Uint8Array>;
}

export interface GenerateSettings extends DrawSettings, ThinkSettings {
  /** Think first (default), or draw the prompt as it stands. */
  think?: boolean;
  onStep?: (progress: DrawProgress) => void | Promise<void>;
}

/** Seconds. */
export interface Timings {
  think: number;
  encode: number;
  draw: number;
  total: number;
}

export interface Generated {
  prompt: string;
  /** Empty when thinking was off. */
  thought: string;
  /** What the painter was told. */
  refinedPrompt: string;
  /** True when the response broke the format and stands in whole for the refined prompt. */
  fallback: boolean;
  /** RGB bytes, height * width * 3. */
  image: Uint8Array;
  width: number;
  height: number;
  timings: Timings;
}

export class ThinkThenGenerate {
  constructor(
    readonly tokenizer: Tokenizer,
    readonly lm: Qwen2,
    readonly transformer: QwenImageTransformer,
    readonly flow: Denoiser['flow'],
    /** Side of the picture in patches. */
    readonly grid = 8,
  ) {}

  /**
   * Opens a model folder; parts it lacks come from its base, and adapters in `transformer_lora/` are merged.
   * @throws when the folder or one of its parts is missing or broken, with the command that makes it
   */
  static async fromPretrained(dir: string): Promise<ThinkThenGenerate> {
    const tokenizer = Tokenizer.fromPretrained(resolvePart(dir, 'tokenizer'));
    const lm = await Qwen2.fromPretrained(resolvePart(dir, 'text_encoder'));
    const transformer = await QwenImageTransformer.fromPretrained(resolvePart(dir, 'transformer'));
    const flow = loadFlow(resolvePart(dir, 'scheduler'));
    if (transformer.config.joint_attention_dim !== lm.config.hiddenSize)
      throw new Error(
        `${dir}: the transformer reads states of ${transformer.config.joint_attention_dim} numbers ` +
          `(joint_attention_dim), but the text encoder's hidden_size is ${lm.config.hiddenSize}`,
      );
    const adapters = adaptersOf(dir);
    if (adapters) {
      const lora = loadLora(adapters);
      mergeLora(transformer.parameters(), lora);
      disposeLora(lora);
    }
    return new ThinkThenGenerate(tokenizer, lm, transformer, flow);
  }

  get denoiser(): Denoiser {
    return { config: this.transformer.config, params: this.transformer.parameters(), flow: this.flow };
  }

  /** One thought about a prompt. @throws for an empty, over-long or non-string prompt */
  async think(prompt: string, options: ThinkSettings = {}): Promise<Thought> {
    return think(this.lm, this.tokenizer, checkPrompt(prompt), options);
  }

  /** One thought each about many prompts, in one batch. */
  async thinkMany(prompts: string[], options: ThinkSettings = {}): Promise<Thought[]> {
    const thoughts = await thinkMany(this.lm, this.tokenizer, prompts.map(checkPrompt), options);
    return thoughts.map((group) => group[0]);
  }

  /**
   * Prompt in, picture out. Same prompt, settings and seed: same picture.
   * @throws for an empty, over-long or non-string prompt and for settings out of range
   */
  async generate(prompt: string, options: GenerateSettings = {}): Promise<Generated> {
    const text = checkPrompt(prompt);
    const began = now();
    const thought = (options.think ?? true) ? await this.think(text, options) : undefined;
    const caption = thought?.refinedPrompt ?? text;
    const thoughtDone = now();
    const conditioning = this.encode([caption]);
    const encoded = now();
    try {
      const [image] = await this.drawFrom(conditioning, [{ seed: options.seed ?? 0 }], options);
      const drawn = now();
      const side = this.grid * this.transformer.config.patch_size;
      return {
        prompt: text,
        thought: thought?.thought ?? '',
        refinedPrompt: caption,
        fallback: thought?.fallback ?? false,
        image,
        width: side,
        height: side,
        timings: {
          think: thoughtDone - began,
          encode: encoded - thoughtDone,
          draw: drawn - encoded,
          total: drawn - began,
        },
      };
    } finally {
      disposeConditioning(conditioning);
    }
  }

  /**
   * Draws captions as they stand, in one batch; picture i has seed `seed` + i unless `seeds` says otherwise.
   * @returns RGB bytes each
   */
  async draw(captions: string[], options: DrawSettings & { seeds?: number[] } = {}): Promise<Uint8Array[]> {
    if (captions.length === 0) return [];
    const { seed = 0, seeds } = options;
    const conditioning = this.encode(captions);
    try {
      return await this.drawFrom(
        conditioning,
        captions.map((_, i) => ({ seed: seeds?.[i] ?? seed + i })),
        options,
      );
    } finally {
      disposeConditioning(conditioning);
    }
  }

  /** Frees the weights. */
  dispose(): void {
    this.lm.dispose();
    this.transformer.dispose();
  }

  private encode(captions: string[]): Conditioning {
    const { embeds, mask } = encodeForDrawing(this.lm, this.tokenizer, captions);
    return { embeds, mask };
  }

  private async drawFrom(
    conditioning: Conditioning,
    images: ImageSeed[],
    options: GenerateSettings,
  ): Promise<Uint8Array[]> {
    const { steps = DEFAULT_STEPS, guidance = DEFAULT_GUIDANCE, onStep } = options;
    if (!Number.isInteger(steps) || steps < 1)
      throw new RangeError(`steps is ${steps}, want a positive integer`);
    if (!Number.isFinite(guidance)) throw new RangeError(`guidance is ${guidance}, want a finite number`);
    const negative = guidance === 1 ? undefined : this.encode([NEGATIVE_PROMPT]);
    const patch = this.transformer.config.patch_size;
    let pixels: Uint8Array[] = [];
    try {
      const sampler = odeSampler({
        denoiser: this.denoiser,
        conditioning,
        negative,
        guidance,
        images,
        steps,
        grid: [1, this.grid, this.grid],
      });
      for await (const { step, sigmaNext, latents, x0Prediction } of sampler) {
        if (onStep) {
          const preview = async (): Promise<Uint8Array> => (await pixelsOf(x0Prediction, patch))[0];
          await onStep({ step: step + 1, steps, sigma: sigmaNext, preview });
        }
        if (step === steps - 1) pixels = await pixelsOf(latents, patch);
      }
    } finally {
      if (negative) disposeConditioning(negative);
    }
    return pixels;
  }
}

/**
 * Clean patches as pictures.
 * @param patches [B, T, C * p * p] in [-1, 1] (values outside are clipped)
 * @returns B pictures of RGB bytes
 * @throws when a value is not finite
 */
export async function pixelsOf(patches: tf.Tensor, patchSize: number): Promise<Uint8Array[]> {
  const images = unpatchify(patches, patchSize); // [B, H, W, 3]
  const [B, H, W, C] = images.shape;
  const values = await images.data();
  images.dispose();
  const size = H * W * C;
  return Array.from({ length: B }, (_, b) => {
    const bytes = new Uint8Array(size);
    for (let i = 0; i < size; i++) {
      const value = values[b * size + i];
      if (!Number.isFinite(value)) throw new Error(`picture ${b} holds ${value}, want finite numbers`);
      bytes[i] = Math.max(0, Math.min(255, Math.round((value + 1) * 127.5)));
    }
    return bytes;
  });
}

/** Adapters apply to the transformer of their own folder or of a base of it, never to one that is newer. */
function adaptersOf(dir: string): string | undefined {
  const lora = findPart(dir, 'transformer_lora');
  if (!lora) return undefined;
  const chain = baseChain(dir);
  const depth = (part: string): number => chain.findIndex((folder) => fs.existsSync(path.join(folder, part)));
  return depth('transformer_lora') <= depth('transformer') ? lora : undefined;
}

function checkPrompt(prompt: string): string {
  if (typeof prompt !== 'string') throw new TypeError(`prompt is ${typeof prompt}, want a string`);
  const text = prompt.trim();
  if (text === '') throw new Error('prompt is empty, want some text');
  if (text.length > MAX_PROMPT_CHARACTERS)
    throw new Error(`prompt has ${text.length} characters, want at most ${MAX_PROMPT_CHARACTERS}`);
  return text;
}

const now = (): number => performance.now() / 1000;
