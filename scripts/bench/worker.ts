/** One engine of the benchmark: answers {"work", "steps"} lines with the median milliseconds, like peer_torch.py. */
import { createInterface } from 'node:readline';
import { performance } from 'node:perf_hooks';
import { Qwen2 } from '../../lib/encoder';
import { QwenImageTransformer } from '../../lib/diffusion';
import { AdamW, clipGradNorm, initBackend, RandomStream, setMatmulPrecision, tf, tokenLogProbs, valueAndGrads } from '../../lib/tensor';
import { BENCH_DIT, BENCH_LM } from './sizes';

type Work = () => void | Promise<void>;
const rng = RandomStream.of(0, 'bench');

function trainStep(params: Record<string, tf.Variable>, loss: () => tf.Scalar): Work {
  const optimiser = new AdamW({ lr: 1e-4, betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0.01 });
  return () => {
    const { value, grads } = valueAndGrads(loss, params);
    clipGradNorm(grads, 1);
    optimiser.step(params, grads);
    tf.dispose([value, grads]);
  };
}

const randomIds = (shape: number[], below: number): tf.Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(Int32Array.from({ length: size }, () => rng.int(below)), shape, 'int32');
};

function lmTrain(): Work {
  const model = Qwen2.init(BENCH_LM.config, 0);
  const [B, T, V] = [BENCH_LM.batch, BENCH_LM.tokens, BENCH_LM.config.vocabSize];
  const ids = randomIds([B, T], V);
  const targets = randomIds([B * T], V) as tf.Tensor1D;
  return trainStep(model.parameters(), () => {
    const { logits } = model.forward({ inputIds: ids });
    return tokenLogProbs(logits.reshape([B * T, V]), targets).mean().neg().asScalar();
  });
}

function lmDecode(): Work {
  const model = Qwen2.init(BENCH_LM.config, 0);
  const inputIds = randomIds([32, 24], BENCH_LM.config.vocabSize);
  return async () => {
    const out = await model.generate({ inputIds, maxNewTokens: 64, temperature: 1, seed: 1 });
    tf.dispose(Object.values(out).filter((x) => x instanceof tf.Tensor) as tf.Tensor[]);
  };
}

function ditInputs() {
  const { batch: B, image: T, text: S, config } = BENCH_DIT;
  return {
    hiddenStates: rng.tensorNormal([B, T, config.in_channels]),
    encoderHiddenStates: rng.tensorNormal([B, S, config.joint_attention_dim]),
    encoderHiddenStatesMask: tf.ones([B, S]),
    timestep: tf.fill([B], 0.5),
    imgShapes: [[[1, 8, 8] as [number, number, number]]],
  };
}

function ditTrain(): Work {
  const model = QwenImageTransformer.init(BENCH_DIT.config, 0);
  const inputs = ditInputs();
  return trainStep(model.parameters(), () => model.forward(inputs).sub(inputs.hiddenStates).square().mean().asScalar());
}

function ditSample(): Work {
  const model = QwenImageTransformer.init(BENCH_DIT.config, 0);
  const inputs = ditInputs();
  return async () => {
    let x = inputs.hiddenStates.clone();
    for (let i = 0; i < 10; i++) {
      const next = tf.tidy(() => x.sub(model.forward({ ...inputs, hiddenStates: x }).mul(0.1)));
      x.dispose();
      x = next;
    }
    await x.data();
    x.dispose();
  };
}

function gemm(): Work {
  const [a, b] = [rng.tensorNormal([2048, 1024]) as tf.Tensor2D, rng.tensorNormal([1024, 1024]) as tf.Tensor2D];
  return () => tf.dispose(tf.matMul(a, b));
}

const WORKS: Record<string, () => Work> = { gemm, lm_train: lmTrain, lm_decode: lmDecode, dit_train: ditTrain, dit_sample: ditSample };

async function main(): Promise<void> {
  const info = await initBackend();
  const precision = process.env.T2G_BENCH_PRECISION;
  if (precision === 'bf16') setMatmulPrecision('bf16');
  console.log(JSON.stringify({ engine: info.name + (precision ? ` ${precision}` : ''), threads: info.threads }));
  const ready = new Map<string, Work>();
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as { work: string; steps: number };
    let work = ready.get(request.work);
    if (!work) {
      work = WORKS[request.work]();
      ready.set(request.work, work);
      await work(); // warm up
    }
    const times: number[] = [];
    for (let i = 0; i < request.steps; i++) {
      const start = performance.now();
      await work();
      times.push(performance.now() - start);
    }
    times.sort((x, y) => x - y);
    console.log(JSON.stringify({ ms: times[Math.floor(times.length / 2)], rss: process.memoryUsage().rss }));
  }
}

main().catch((error: Error) => {
  console.error(error.stack);
  process.exit(1);
});
