// Decoding with a cache: the backend's own sessions against the plain definition (which runs everywhere), and what
// generating promises about seeds, sharing, rows that end, memory. Without a session of its own a backend compares
// the definition with itself.
import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { Qwen2 } from '../lib/encoder';
import { PlainDecoding, startDecoding } from '../lib/encoder/decoder';
import {
  bf16Available,
  drawToken,
  initBackend,
  nativeAddon,
  RandomStream,
  setMatmulPrecision,
  tf,
} from '../lib/tensor';
import { nativeBackend } from '../lib/tensor/native/backend';

let rng: RandomStream;
beforeEach(() => {
  rng = RandomStream.of(3, 'decode test'); // a test that is skipped changes no other
});

/** A model of odd sizes with weights large enough that tokens matter. */
function oddModel(heads = 6, keyHeads = 2, tie = true): Qwen2 {
  const model = Qwen2.init(
    {
      vocabSize: 101,
      hiddenSize: heads * 10,
      intermediateSize: 37,
      numHiddenLayers: 2,
      numAttentionHeads: heads,
      numKeyValueHeads: keyHeads,
      maxPositionEmbeddings: 64,
      tieWordEmbeddings: tie,
    } as never,
    7,
  );
  for (const variable of Object.values(model.parameters())) {
    tf.tidy(() => void variable.assign(tf.add(variable, tf.mul(rng.tensorNormal(variable.shape), 0.2))));
  }
  return model;
}

const ids = (B: number, T: number): tf.Tensor =>
  tf.tensor2d(
    Int32Array.from({ length: B * T }, () => rng.int(101)),
    [B, T],
    'int32',
  );

function worst(found: tf.Tensor, wanted: tf.Tensor): number {
  assert.deepEqual(found.shape, wanted.shape);
  const [a, b] = [found.dataSync(), wanted.dataSync()];
  let error = 0;
  let top = 1e-6;
  for (let i = 0; i < b.length; i++) {
    assert.ok(Number.isFinite(a[i]) && Number.isFinite(b[i]), `number ${i} is ${a[i]}, want ${b[i]}`);
    error = Math.max(error, Math.abs(a[i] - b[i]));
    top = Math.max(top, Math.abs(b[i]));
  }
  return error / top;
}

/** Writes the same random tokens with both and compares the logits after every one; rows leave on the way. */
function compareSessions(
  model: Qwen2,
  { B, T, J, skip, steps }: { B: number; T: number; J: number; skip: number[]; steps: number },
  tolerance: number,
): void {
  const inputIds = ids(B, T);
  const attentionMask = skip.some((n) => n > 0)
    ? tf.tensor2d(skip.map((n) => Array.from({ length: T }, (_, t) => (t < n ? 0 : 1))))
    : undefined;
  const prompts = { inputIds, attentionMask, skip, samplesPerPrompt: J, capacity: steps };
  const own = startDecoding(model, prompts);
  const plain = new PlainDecoding(model, prompts);
  for (let n = 0; n <= steps; n++) {
    const [found, wanted] = [own.logits(), plain.logits()];
    const error = worst(found, wanted);
    assert.ok(error <= tolerance, `B ${B} T ${T} J ${J}: logits after ${n} tokens differ by ${error}`);
    tf.dispose([found, wanted]);
    if (n === steps) break;
    if (own.rows > 1 && n % 5 === 4) {
      const kept = Array.from({ length: own.rows }, (_, r) => r).filter((r) => r !== n % own.rows);
      own.keep(kept);
      plain.keep(kept);
    }
    const tokens = Array.from({ length: own.rows }, () => rng.int(101));
    own.read(tokens);
    plain.read(tokens);
  }
  own.dispose();
  plain.dispose();
  tf.dispose([inputIds, ...(attentionMask ? [attentionMask] : [])]);
}

describe('decoding', () => {
  before(async () => {
    await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
  });

  it('gives the logits of the plain definition', () => {
    const tensors = tf.memory().numTensors;
    for (const [heads, keyHeads, tie] of [
      [6, 2, true], // three queries a key head: two and one
      [5, 5, false],
      [8, 1, true],
    ] as [number, number, boolean][]) {
      const model = oddModel(heads, keyHeads, tie);
      compareSessions(model, { B: 1, T: 1, J: 1, skip: [0], steps: 3 }, 2e-5);
      compareSessions(model, { B: 2, T: 17, J: 1, skip: [0, 0], steps: 35 }, 2e-5);
      compareSessions(model, { B: 3, T: 5, J: 4, skip: [0, 4, 2], steps: 20 }, 2e-5);
      compareSessions(model, { B: 13, T: 3, J: 2, skip: new Array<number>(13).fill(0), steps: 2 }, 2e-5);
      model.dispose();
    }
    assert.equal(tf.memory().numTensors, tensors);
  });

  it('gives them in bf16 as closely as bf16 products do', (t) => {
    if (!bf16Available()) return t.skip('no bf16 here');
    const model = oddModel();
    setMatmulPrecision('bf16');
    try {
      compareSessions(model, { B: 9, T: 5, J: 1, skip: new Array<number>(9).fill(0), steps: 6 }, 0.03);
    } finally {
      setMatmulPrecision('fp32');
      model.dispose();
    }
  });

  it("a row's numbers do not depend on the rows beside it, to the last bit", (t) => {
    if (!nativeAddon()) return t.skip('only sessions promise it');
    const model = oddModel();
    const inputIds = ids(1, 6);
    const tokens = Array.from({ length: 12 }, () => rng.int(101));
    const runs = [1, 2, 3, 4, 5, 12, 13, 40].map((J) => {
      const session = startDecoding(model, { inputIds, skip: [0], samplesPerPrompt: J, capacity: 12 });
      for (const token of tokens) {
        // The last row reads the tokens, the others something else.
        session.read(Array.from({ length: J }, (_, r) => (r === J - 1 ? token : rng.int(101))));
      }
      const logits = session.logits();
      const row = Array.from(logits.dataSync().slice(-101));
      logits.dispose();
      session.dispose();
      return row;
    });
    for (const row of runs) assert.deepEqual(row, runs[0]);
    model.dispose();
  });

  it('refuses rows and tokens out of range', (t) => {
    if (!nativeAddon()) return t.skip('checked by the forward pass');
    const model = oddModel();
    const session = startDecoding(model, {
      inputIds: ids(1, 2),
      skip: [0],
      samplesPerPrompt: 1,
      capacity: 2,
    });
    assert.throws(() => session.read([101]), /decodeStep: .*row out of range/);
    assert.throws(() => session.read([-1]), /row out of range/);
    session.read([1]);
    session.read([1]);
    assert.throws(() => session.read([1]), /row out of range/, 'the cache is full');
    session.dispose();
    model.dispose();
  });
});

describe('generating', () => {
  const options = { maxNewTokens: 20, temperature: 1, eosTokenId: 5 };

  it('gives a seed its text wherever the row stands, with rows that end on the way', async () => {
    const model = oddModel();
    const inputIds = ids(1, 4);
    const seeds = Array.from({ length: 24 }, (_, i) => 100 + i);
    const all = await model.generate({ ...options, inputIds, seeds, samplesPerPrompt: 24 });
    const lengths = new Set(all.tokenIds.map((row) => row.length));
    assert.ok(lengths.size > 3, 'rows end at different places');
    const mixed = [7, 3, 20, 11];
    const some = await model.generate({
      ...options,
      inputIds,
      seeds: mixed.map((i) => seeds[i]),
      samplesPerPrompt: 4,
    });
    mixed.forEach((i, r) => assert.deepEqual(some.tokenIds[r], all.tokenIds[i]));
    all.tokenIds.forEach((row) => assert.ok(row.length === 20 || row.at(-1) === 5));
    model.dispose();
  });

  it('gives the text of the plain definition', async () => {
    const model = oddModel();
    for (const rules of [{}, { topP: 0.7 }, { topK: 9 }, { topK: 9, topP: 0.5 }, { temperature: 0 }]) {
      const inputIds = ids(3, 4);
      const attentionMask = tf.tensor2d([
        [0, 0, 1, 1],
        [1, 1, 1, 1],
        [0, 1, 1, 1],
      ]);
      const wanted = { temperature: 1, topP: 1, topK: 0, ...rules };
      const seeds = [1, 2, 3, 4, 5, 6];
      const out = await model.generate({
        ...options,
        ...rules,
        inputIds,
        attentionMask,
        seeds,
        samplesPerPrompt: 2,
      });
      const plain = new PlainDecoding(model, {
        inputIds,
        attentionMask,
        skip: [2, 0, 1],
        samplesPerPrompt: 2,
        capacity: 20,
      });
      const streams = seeds.map((seed) => RandomStream.of(seed, 'generate'));
      for (let n = 0; n < 20; n++) {
        const drawn = await plain.draw(
          wanted,
          streams.map((stream) => (wanted.temperature > 0 ? stream.uniform() : 0)),
        );
        out.tokenIds.forEach((row, r) => {
          if (n >= row.length) return;
          assert.equal(row[n], drawn[r]!.token, `${JSON.stringify(rules)} row ${r} token ${n}`);
          assert.ok(Math.abs(out.tokenLogProbs[r][n] - drawn[r]!.logProb) < 1e-4);
        });
        plain.read(drawn.map((d, r) => out.tokenIds[r][n] ?? d!.token));
      }
      plain.dispose();
    }
    model.dispose();
  });

  it('asks the system for no memory after the first time', async (t) => {
    if (!nativeAddon()) return t.skip('only the native backend counts');
    const model = oddModel();
    const inputIds = ids(5, 4);
    const run = async () => {
      const out = await model.generate({ ...options, inputIds, seed: 3, samplesPerPrompt: 2 });
      tf.dispose([out.sequences, out.logProbs]);
    };
    await run();
    const { pool } = nativeBackend();
    const before = [pool.misses, pool.usedBytes, tf.memory().numTensors];
    for (let i = 0; i < 3; i++) await run();
    assert.deepEqual([pool.misses, pool.usedBytes, tf.memory().numTensors], before);
    model.dispose();
  });

  it('names the row whose logits are not finite', async () => {
    const model = oddModel();
    const norm = model.parameters()['model.norm.weight'];
    norm.assign(tf.fill(norm.shape, NaN));
    await assert.rejects(
      model.generate({ ...options, inputIds: ids(2, 3) }),
      /logits of row 0 are not finite at new token 0/,
    );
    model.dispose();
  });
});

describe('drawing tokens natively', () => {
  before(async () => {
    await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
  });

  it('gives the tokens and log-probabilities of the definition', (t) => {
    const addon = nativeAddon();
    if (!addon) return t.skip('no addon');
    const draw = addon.drawTokens as (...args: unknown[]) => number;
    let compared = 0;
    for (const V of [1, 2, 15, 17, 257, 1000, 4096]) {
      for (const spread of [0, 0.1, 3, 40]) {
        const stride = V + 3;
        const M = 9;
        const logits = rng.normals(M * stride).map((x) => x * spread);
        if (V > 15) {
          logits[3] = -Infinity; // an excluded token
          logits[4] = logits[5]; // a tie
        }
        for (const [temperature, topP, topK] of [
          [1, 1, 0],
          [0.7, 1, 0],
          [1, 0.9, 0],
          [2, 0.3, 0],
          [1, 1, 5],
          [1, 0.5, 5],
          [1, 1e-9, 0],
          [1, 1, 2 * V],
          [0, 1, 0],
        ]) {
          const uniforms = Float64Array.from({ length: M }, (_, m) => [1e-4, 0.999][m] ?? rng.uniform());
          const given = temperature > 0 ? uniforms : uniforms.map(() => -1);
          const [tokens, logProbs] = [new Int32Array(M), new Float64Array(M)];
          assert.equal(
            draw(
              logits,
              stride,
              V,
              M,
              temperature > 0 ? 1 / temperature : 1,
              topP,
              topK,
              given,
              tokens,
              logProbs,
            ),
            -1,
          );
          for (let m = 0; m < M; m++) {
            const row = logits.subarray(m * stride, m * stride + V);
            const wanted = drawToken(row, { temperature, topP, topK }, uniforms[m])!;
            // A uniform number within rounding of a border may fall on either side of it.
            const near = [-2e-6, 2e-6].map(
              (d) =>
                drawToken(
                  row,
                  { temperature, topP: topP + (topP < 1 ? d * topP : 0), topK },
                  Math.min(1 - 2 ** -53, Math.max(0, uniforms[m] + d)),
                )!.token,
            );
            assert.ok(
              tokens[m] === wanted.token || near.includes(tokens[m]),
              `V ${V} spread ${spread} ${temperature} ${topP} ${topK} row ${m}: ${tokens[m]}, want ${wanted.token}`,
            );
            compared += Number(tokens[m] === wanted.token);
            if (tokens[m] === wanted.token)
              assert.ok(Math.abs(logProbs[m] - wanted.logProb) < 1e-5 * (1 + Math.abs(wanted.logProb)));
          }
        }
      }
    }
    assert.ok(compared > 0.99 * 7 * 4 * 9 * 9, `${compared} tokens are the very same`);
  });

  it('follows the distribution', (t) => {
    const addon = nativeAddon();
    if (!addon) return t.skip('no addon');
    const draw = addon.drawTokens as (...args: unknown[]) => number;
    const V = 5;
    const M = 4000;
    const row = [0, 1, -1, 0.5, -Infinity];
    const uniforms = Float64Array.from({ length: M }, (_, m) => (m + 0.5) / M);
    const [tokens, logProbs] = [new Int32Array(M), new Float64Array(M)];
    draw(
      Float32Array.from({ length: M * V }, (_, i) => row[i % V]),
      V,
      V,
      M,
      1,
      1,
      0,
      uniforms,
      tokens,
      logProbs,
    );
    const total = row.reduce((s, x) => s + Math.exp(x), 0);
    uniforms.fill(1 - 2 ** -53); // rounding must not lead past the last token that can be drawn
    const last = [new Int32Array(M), new Float64Array(M)];
    draw(
      Float32Array.from({ length: M * V }, (_, i) => row[i % V]),
      V,
      V,
      M,
      1,
      1,
      0,
      uniforms,
      ...last,
    );
    assert.ok(last[0].every((token) => token === 3));
    row.forEach((x, v) => {
      const share = tokens.filter((token) => token === v).length / M;
      assert.ok(Math.abs(share - Math.exp(x) / total) < 1e-3);
    });
  });

  it('finds rows that are not finite and refuses what does not fit', (t) => {
    const addon = nativeAddon();
    if (!addon) return t.skip('no addon');
    const draw = addon.drawTokens as (...args: unknown[]) => number;
    const out = [new Int32Array(2), new Float64Array(2)];
    const half = Float64Array.from([0.5, 0.5]);
    assert.equal(draw(Float32Array.from([0, 1, NaN, 1]), 2, 2, 2, 1, 1, 0, half, ...out), 1);
    assert.equal(draw(Float32Array.from([0, 1, 1, Infinity]), 2, 2, 2, 1, 0.5, 0, half, ...out), 1);
    assert.equal(draw(Float32Array.from([-Infinity, -Infinity, 1, 2]), 2, 2, 2, 1, 1, 0, half, ...out), 0);
    assert.equal(draw(new Float32Array(0), 2, 2, 0, 1, 1, 0, half, ...out), -1);
    assert.throws(
      () => draw(new Float32Array(3), 2, 2, 2, 1, 1, 0, half, ...out),
      /drawTokens: argument 0 holds 3/,
    );
    assert.throws(
      () => draw(new Float32Array(4), 2, 0, 2, 1, 1, 0, half, ...out),
      /argument 2 is not between/,
    );
    assert.throws(
      () => draw(new Float32Array(4), 2, 2, 2, 1, 1, 0, new Float32Array(2), ...out),
      /not a Float64Array/,
    );
  });
});
