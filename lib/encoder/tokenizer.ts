// The tokenizer of the encoder: byte-level BPE, kept on disk as a Hugging Face tokenizer.json.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { readJson, writeAtomic } from '../checkpoint';
import { BytePairEncoder, type Merges, printable, tokenBytes, trainMerges } from './bpe';
import { CHAR_TO_BYTE, pretokenize, SPLIT_PATTERN } from './pretokenize';

export const END_OF_TEXT = '<|endoftext|>';
export const IM_START = '<|im_start|>';
export const IM_END = '<|im_end|>';
export const SPECIAL_TOKENS = [END_OF_TEXT, IM_START, IM_END] as const;

export interface EncodeOptions {
  /** Read `<|im_start|>` and friends as special tokens. Off by default, so a user's text cannot inject them. */
  allowSpecial?: boolean;
}

/**
 * Byte-level BPE with special tokens at the end of the vocabulary. Any string encodes and decodes to itself
 * (no normalisation), except that lone surrogates, which UTF-8 cannot hold, become U+FFFD.
 */
export class Tokenizer {
  readonly vocabSize: number;
  private readonly bpe: BytePairEncoder;
  private readonly bytes: Uint8Array[];
  private readonly specialIds: Map<string, number>;
  private readonly specialTexts: Map<number, string>;
  private readonly specialPattern: RegExp | null;

  constructor(
    private readonly merges: Merges,
    specials: readonly string[] = SPECIAL_TOKENS,
    private readonly modelMaxLength = 128,
  ) {
    this.bpe = new BytePairEncoder(merges);
    this.bytes = tokenBytes(merges);
    this.specialIds = new Map(specials.map((text, i) => [text, this.bytes.length + i]));
    this.specialTexts = new Map([...this.specialIds].map(([text, id]) => [id, text]));
    this.vocabSize = this.bytes.length + specials.length;
    const escaped = specials.map((s) => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    this.specialPattern = specials.length ? new RegExp(`(${escaped.join('|')})`) : null;
  }

  /** Id of a special token; throws when the tokenizer has no such token. */
  specialId(text: string): number {
    const id = this.specialIds.get(text);
    if (id === undefined) {
      throw new Error(
        `tokenizer: no special token ${JSON.stringify(text)}, it has ${[...this.specialIds.keys()].join(' ')}`,
      );
    }
    return id;
  }

  /** The number of tokens that are special. */
  get specialCount(): number {
    return this.specialIds.size;
  }

  /** Token ids of a text. */
  encode(text: string, { allowSpecial = false }: EncodeOptions = {}): number[] {
    if (typeof text !== 'string') throw new TypeError(`tokenizer: text is ${typeof text}, want a string`);
    const ids: number[] = [];
    const sections = allowSpecial && this.specialPattern ? text.split(this.specialPattern) : [text];
    for (const section of sections) {
      const special = allowSpecial ? this.specialIds.get(section) : undefined;
      if (special !== undefined) ids.push(special);
      else for (const piece of pretokenize(section)) for (const id of this.bpe.encode(piece)) ids.push(id);
    }
    return ids;
  }

  /** Text of token ids. Bytes that are not UTF-8 (a cut character) become U+FFFD; an id outside the vocabulary throws. */
  decode(ids: ArrayLike<number>, { skipSpecial = false }: { skipSpecial?: boolean } = {}): string {
    const out: string[] = [];
    let run: Uint8Array[] = [];
    // A special token ends a run of bytes, as in Hugging Face's ByteLevel decoder.
    const flush = () => {
      if (run.length) out.push(new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(run)));
      run = [];
    };
    for (let i = 0; i < ids.length; i++) {
      const special = this.specialTexts.get(ids[i]);
      if (special !== undefined) {
        if (skipSpecial) continue;
        flush();
        out.push(special);
      } else {
        const bytes = this.bytes[ids[i]];
        if (!bytes)
          throw new RangeError(`tokenizer: token id ${ids[i]} at ${i}, want 0 to ${this.vocabSize - 1}`);
        run.push(bytes);
      }
    }
    flush();
    return out.join('');
  }

  /** Writes tokenizer.json and tokenizer_config.json, which transformers and transformers.js open. */
  save(dir: string): void {
    fs.mkdirSync(dir, { recursive: true });
    const json = (value: unknown) => JSON.stringify(value, null, 1) + '\n';
    writeAtomic(path.join(dir, 'tokenizer.json'), json(this.toTokenizerJson()));
    writeAtomic(path.join(dir, 'tokenizer_config.json'), json(this.toTokenizerConfig()));
  }

  private toTokenizerJson(): object {
    const texts = this.bytes.map(printable);
    return {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [...this.specialIds].map(([content, id]) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: null,
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: SPLIT_PATTERN }, behavior: 'Isolated', invert: false },
          { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
        ],
      },
      post_processor: null,
      decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: '',
        end_of_word_suffix: '',
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: Object.fromEntries(texts.map((text, id) => [text, id])),
        merges: this.merges.map(([left, right]) => [texts[left], texts[right]]),
      },
    };
  }

  private toTokenizerConfig(): object {
    const has = (text: string) => (this.specialIds.has(text) ? text : null);
    return {
      // The generic class: Qwen2's own would put its own splitting rule in place of ours.
      tokenizer_class: 'PreTrainedTokenizerFast',
      model_max_length: this.modelMaxLength,
      add_prefix_space: false,
      clean_up_tokenization_spaces: false,
      bos_token: null,
      unk_token: null,
      eos_token: has(IM_END),
      pad_token: has(END_OF_TEXT),
    };
  }

  /** Opens a folder written by `save`. A tokenizer.json of another kind is refused with the reason. */
  static fromPretrained(dir: string): Tokenizer {
    const file = path.join(dir, 'tokenizer.json');
    const json = readJson(file) as TokenizerJson;
    const split = json.pre_tokenizer?.pretokenizers?.[0]?.pattern?.Regex;
    if (json.model?.type !== 'BPE') {
      throw new Error(`${file}: model.type is ${JSON.stringify(json.model?.type)}, want "BPE"`);
    }
    if (split !== SPLIT_PATTERN) {
      throw new Error(
        `${file}: pre_tokenizer splits by ${JSON.stringify(split)}, want ${JSON.stringify(SPLIT_PATTERN)}`,
      );
    }
    const merges = parseMerges(file, json);
    const specials = [...(json.added_tokens ?? [])].sort((a, b) => a.id - b.id);
    specials.forEach(({ id, content }, i) => {
      const want = 256 + merges.length + i;
      if (id !== want)
        throw new Error(`${file}: added token ${content} has id ${id}, want ${want} (after the merges)`);
    });
    const configFile = path.join(dir, 'tokenizer_config.json');
    const config = fs.existsSync(configFile) ? (readJson(configFile) as { model_max_length?: number }) : {};
    return new Tokenizer(
      merges,
      specials.map((s) => s.content),
      config.model_max_length,
    );
  }
}

interface TokenizerJson {
  added_tokens?: Array<{ id: number; content: string }>;
  pre_tokenizer?: { pretokenizers?: Array<{ pattern?: { Regex?: string } }> };
  model?: { type?: string; vocab?: Record<string, number>; merges?: Array<string | [string, string]> };
}

function parseMerges(file: string, json: TokenizerJson): Array<[number, number]> {
  const vocab = json.model?.vocab ?? {};
  const rules = json.model?.merges ?? [];
  for (const [char, byte] of CHAR_TO_BYTE) {
    if (vocab[char] !== byte)
      throw new Error(`${file}: vocab[${JSON.stringify(char)}] is ${vocab[char]}, want ${byte}`);
  }
  return rules.map((rule, rank) => {
    const [left, right] = typeof rule === 'string' ? rule.split(' ') : rule;
    const [a, b, merged] = [vocab[left], vocab[right], vocab[left + right]];
    if (a === undefined || b === undefined || merged !== 256 + rank) {
      throw new Error(
        `${file}: merges[${rank}] (${left} ${right}) makes token ${merged}, want ${256 + rank}`,
      );
    }
    return [a, b];
  });
}

export interface TrainTokenizerOptions {
  /** Whole vocabulary: 256 bytes, merges, special tokens. */
  vocabSize: number;
  specials?: readonly string[];
  minCount?: number;
  modelMaxLength?: number;
}

/**
 * Trains a tokenizer on texts; special tokens in them are left out of the statistics. A corpus too small for
 * `vocabSize` gives a smaller vocabulary (see `tokenizer.vocabSize`).
 */
export function trainBpe(texts: Iterable<string>, options: TrainTokenizerOptions): Tokenizer {
  const { vocabSize, specials = SPECIAL_TOKENS, minCount, modelMaxLength } = options;
  const merges = vocabSize - 256 - specials.length;
  if (!(merges >= 0))
    throw new Error(`trainBpe: vocabSize is ${vocabSize}, want at least ${256 + specials.length}`);
  function* withoutSpecials() {
    for (const text of texts) {
      let rest = text;
      for (const special of specials) rest = rest.replaceAll(special, '\n');
      yield rest;
    }
  }
  return new Tokenizer(trainMerges(withoutSpecials(), { merges, minCount }), specials, modelMaxLength);
}
