// Saved training states: two slots and a pointer. Whenever the process dies, a whole state can be found again.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { tf } from '../tensor';
import { readJsonObject, sweepTemps, writeAtomic, writeJson, type FileOps } from './files';
import { loadSafetensors } from './safetensors';
import { saveSafetensors, type PlainTensor } from './safetensors-write';

export interface RunState {
  /** Steps done. */
  step: number;
  tensors: Record<string, tf.Tensor | PlainTensor>;
  json: unknown;
}

export interface SavedState {
  step: number;
  tensors: Record<string, tf.Tensor>;
  json: unknown;
}

/** One entry of latest.json; the files are state/<stem>.json and state/<stem>.safetensors. */
interface Slot {
  step: number;
  stem: string;
  sha256: { json: string; safetensors: string };
}

const KEEP = 2;
const STEM = /^step-(\d+)(?:\.(\d+))?$/;

/** The state/ folder of a run: step-N.safetensors and step-N.json, and latest.json naming the last two, newest first. */
export class StateSlots {
  private readonly pointer: string;
  private readonly damaged = new Set<string>(); // found so on loading: the next save must not count on them

  constructor(
    private readonly dir: string,
    private readonly warn: (message: string) => void,
    private readonly ops: FileOps,
  ) {
    this.pointer = path.join(dir, 'latest.json');
  }

  /** Is anything saved here? */
  any(): boolean {
    return this.candidates().length > 0;
  }

  latest(): string | undefined {
    const [newest] = this.candidates();
    return newest && path.join(this.dir, newest.stem);
  }

  save({ step, tensors, json }: RunState): void {
    if (!Number.isSafeInteger(step) || step < 0)
      throw new Error(`state: step is ${step}, want a non-negative integer`);
    const text = exactJson(json);
    fs.mkdirSync(this.dir, { recursive: true });
    sweepTemps(this.dir);
    // A state of the same step keeps its files until the pointer has moved: never overwrite what is being pointed at.
    let stem = `step-${step}`;
    for (let n = 2; this.exists(stem); n++) stem = `step-${step}.${n}`;
    const jsonFile = path.join(this.dir, `${stem}.json`);
    const tensorFile = path.join(this.dir, `${stem}.safetensors`);
    try {
      saveSafetensors(tensorFile, tensors, { step: String(step) }, { ops: this.ops });
      writeAtomic(jsonFile, `{"step":${step},"json":${text}}\n`, this.ops);
      const sha256 = { json: hash(jsonFile), safetensors: hash(tensorFile) };
      const earlier = this.pointed().filter((slot) => !this.damaged.has(slot.stem));
      const slots: Slot[] = [{ step, stem, sha256 }, ...earlier].slice(0, KEEP);
      writeJson(this.pointer, { slots }, this.ops);
      const kept = new Set(slots.map((slot) => slot.stem));
      for (const old of this.stems()) if (!kept.has(old)) this.remove(old);
    } catch (error) {
      if (!this.pointed().some((slot) => slot.stem === stem)) this.remove(stem); // a half-made state is no state
      throw error;
    }
  }

  load(): SavedState | null {
    const slots = this.candidates();
    if (slots.length === 0) return null;
    const reasons: string[] = [];
    for (const slot of slots) {
      try {
        const state = this.read(slot);
        if (reasons.length > 0)
          this.warn(`warning: ${reasons.join('; ')}; using the state of step ${state.step}`);
        return state;
      } catch (error) {
        this.damaged.add(slot.stem);
        reasons.push(`the state of step ${slot.step} is damaged (${(error as Error).message})`);
      }
    }
    throw new Error(
      `${this.dir}: no saved state is intact: ${reasons.join('; ')}. Remove this folder to begin anew.`,
    );
  }

  private read(slot: Slot | Pick<Slot, 'step' | 'stem'>): SavedState {
    const jsonFile = path.join(this.dir, `${slot.stem}.json`);
    const tensorFile = path.join(this.dir, `${slot.stem}.safetensors`);
    if ('sha256' in slot) {
      if (hash(jsonFile) !== slot.sha256.json)
        throw new Error(`${jsonFile}: its contents changed after it was saved`);
      if (hash(tensorFile) !== slot.sha256.safetensors)
        throw new Error(`${tensorFile}: its contents changed after it was saved`);
    }
    const { step, json } = readJsonObject(jsonFile);
    if (step !== slot.step) throw new Error(`${jsonFile}: step is ${String(step)}, want ${slot.step}`);
    return { step: slot.step, json, tensors: loadSafetensors(tensorFile) };
  }

  /** What latest.json names, newest first; without a readable pointer, what lies in the folder, latest step first. */
  private candidates(): (Slot | Pick<Slot, 'step' | 'stem'>)[] {
    const pointed = this.pointed();
    if (pointed.length > 0) return pointed;
    return this.stems()
      .filter((stem) => this.exists(stem))
      .map((stem) => ({ stem, step: Number(STEM.exec(stem)?.[1]), again: Number(STEM.exec(stem)?.[2] ?? 1) }))
      .sort((a, b) => b.step - a.step || b.again - a.again);
  }

  /** Every state in the folder, whole or not. */
  private stems(): string[] {
    if (!fs.existsSync(this.dir)) return [];
    const names = fs.readdirSync(this.dir).map((name) => name.replace(/\.(json|safetensors)$/, ''));
    return [...new Set(names)].filter((name) => STEM.test(name));
  }

  private pointed(): Slot[] {
    if (!fs.existsSync(this.pointer)) return [];
    try {
      const { slots } = readJsonObject(this.pointer);
      const isSlot = (s: Partial<Slot> | null): boolean =>
        Number.isSafeInteger(s?.step) && STEM.test(s?.stem ?? '') && typeof s?.sha256?.json === 'string';
      if (!Array.isArray(slots) || !slots.every(isSlot))
        throw new Error(`${this.pointer}: is not a list of states`);
      return slots as Slot[];
    } catch (error) {
      this.warn(`warning: ${(error as Error).message}; looking for states without it`);
      return [];
    }
  }

  private exists(stem: string): boolean {
    return fs.existsSync(path.join(this.dir, `${stem}.json`));
  }

  private remove(stem: string): void {
    for (const end of ['.json', '.safetensors']) fs.rmSync(path.join(this.dir, stem + end), { force: true });
  }
}

function hash(file: string): string {
  const sha = createHash('sha256');
  const fd = fs.openSync(file, 'r');
  const chunk = Buffer.allocUnsafe(1 << 20);
  try {
    for (let got = fs.readSync(fd, chunk); got > 0; got = fs.readSync(fd, chunk))
      sha.update(chunk.subarray(0, got));
  } finally {
    fs.closeSync(fd);
  }
  return sha.digest('hex');
}

/** JSON that reads back as the same value; throws where JSON would quietly change it (NaN, typed arrays, Dates ...). */
function exactJson(value: unknown, at = 'json'): string {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Error(`state: ${at} is ${value}, which JSON cannot hold`);
    return Object.is(value, -0) ? '-0' : JSON.stringify(value);
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((v, i) => exactJson(v, `${at}[${i}]`)).join(',')}]`;
  if (typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value) as null)) {
    const members = Object.entries(value).filter(([, v]) => v !== undefined);
    return `{${members.map(([k, v]) => `${JSON.stringify(k)}:${exactJson(v, `${at}.${k}`)}`).join(',')}}`;
  }
  throw new Error(
    `state: ${at} is ${Object.prototype.toString.call(value)}, want plain JSON; tensors go in tensors`,
  );
}
