// A small real training, language model and then painter, for tests that kill it: node kill-child.ts ROOT [WHERE:N].
// WHERE:N kills this process by SIGKILL at the N-th write ("lm-write", "dit-write", half the bytes written) or the N-th
// rename ("lm-rename", "dit-rename", before it happens) of that stage's run folder.
import { RunFolder, type StageOptions } from '../lib/checkpoint';
import { nodeFiles, type FileOps } from '../lib/checkpoint/files';
import * as d from '../lib/diffusion';
import { encodeForDrawing, lmSize, pretrainLm, Qwen2, trainBpe } from '../lib/encoder';
import { initBackend } from '../lib/tensor';

const [root, deadly = ''] = process.argv.slice(2);
const STEPS = 12;
const colours = ['dark', 'grey', 'light'];
const documents = colours.flatMap((colour, i) => [
  `The colour of room ${i} is ${colour}.`,
  `<|im_start|>draw\na ${colour} square<|im_end|>`,
]);

/** File operations that end the process at the chosen one. */
function dangerous(stage: string): FileOps {
  const [where, count] = deadly.split(':');
  let left = Number(count);
  const dies = (what: string): boolean => where === `${stage}-${what}` && --left === 0;
  return {
    ...nodeFiles,
    writeSync: (fd, bytes, offset, length) => {
      if (!dies('write')) return nodeFiles.writeSync(fd, bytes, offset, length);
      nodeFiles.writeSync(fd, bytes, offset, length >> 1);
      process.kill(process.pid, 'SIGKILL');
      return 0;
    },
    renameSync: (from, to) => {
      if (dies('rename')) process.kill(process.pid, 'SIGKILL');
      nodeFiles.renameSync(from, to);
    },
  };
}

const told = (stage: string): StageOptions['onProgress'] => {
  return ({ step }) => void process.stdout.write(`${stage} ${step}\n`);
};
const openRun = (name: string, config: object): RunFolder =>
  RunFolder.open(name, config, { root, ops: dangerous(name), warn: () => undefined });

async function main(): Promise<void> {
  await initBackend();
  const tokenizer = trainBpe(documents, { vocabSize: 320, minCount: 1 });
  const { model: shape, config: nano } = lmSize('nano');
  const lm = Qwen2.init({ ...shape, vocabSize: tokenizer.vocabSize, maxPositionEmbeddings: 32 }, 0);
  const config = { ...nano, steps: STEPS, saveEvery: 4, evalEvery: 6, holdOut: 6 };
  const run = openRun('lm', config);
  await pretrainLm({ model: lm, tokenizer, documents, run, config, onProgress: told('lm') });

  const { model, config: painting } = d.ditSize('nano', shape.hiddenSize);
  const ditConfig = { ...painting, steps: STEPS, saveEvery: 4, evalEvery: 6, logEvery: 1 };
  await d.trainDit({
    run: openRun('dit', ditConfig),
    config: ditConfig,
    model,
    params: d.QwenImageTransformer.init(model, 0).parameters(),
    picture: (stream) => {
      const level = stream.int(3);
      return {
        caption: `a ${colours[level]} square`,
        pixels: new Uint8Array(32 * 32 * 3).fill(20 + 100 * level),
      };
    },
    encode: (texts) => encodeForDrawing(lm, tokenizer, texts),
    onProgress: told('dit'),
  });
}

void main();
