/** The whole Dual-GRPO iteration on tiny random models: ratios, idle modules, exact resume, loud failures. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { disposeTree, imagesOf, thoughtsOf, treeView } from '../lib/grpo';
import type { Scorer } from '../lib/rewards';
import { copyOf, initBackend, tf } from '../lib/tensor';
import type { Params } from '../lib/tensor';
import { brightness, prompts, snapshot, tinyConfig, tinyTrainer } from './grpo-tiny';

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

describe('one iteration', () => {
  it('has finite losses, and on policy a ratio of exactly 1 with nothing clipped', async () => {
    const { trainer, lm } = tinyTrainer();
    const before = { lm: snapshot(lm.parameters()), lora: snapshot(trainer.lora.weights) };
    const log = await trainer.iterate(0);
    for (const [name, value] of Object.entries(log)) assert.ok(Number.isFinite(value), `${name} is ${value}`);
    for (const name of ['ratio_mean', 'dit/ratio_mean']) assert.equal(log[name], 1, name);
    for (const name of ['approx_kl', 'dit/approx_kl', 'dit/clipfrac', 'clip_ratio/region_mean'])
      assert.equal(log[name], 0, name);
    assert.equal(log.llm_steps, 1);
    assert.equal(log['dit/steps'], 1);
    assert.ok(log['sampling/logp_difference'] < 1e-3);
    assert.notDeepEqual(snapshot(lm.parameters()), before.lm);
    assert.notDeepEqual(snapshot(trainer.lora.weights), before.lora);
    trainer.dispose();
  });

  it('moves the ratio away from 1 in a second inner epoch', async () => {
    const config = tinyConfig((c) => {
      c.llm.epochs = 2;
      c.dit.epochs = 2;
    });
    const log = await tinyTrainer(config).trainer.iterate(0);
    assert.ok(log.approx_kl > 0 && log['dit/approx_kl'] > 0);
  });

  it('grows one record: windows shared by a group, advantages summing to 0, JSON for the viewer', async () => {
    const { trainer } = tinyTrainer();
    const tree = await trainer.rollout(3);
    assert.equal(thoughtsOf(tree).length, 6);
    assert.equal(imagesOf(tree).length, 18);
    for (const node of tree.prompts) {
      assert.ok(node.thoughts.every((t) => t.rollout?.window.start === node.window.start));
      const sum = node.thoughts.reduce((a, t) => a + (t.advantage ?? NaN), 0);
      assert.ok(Math.abs(sum) < 1e-9, `LLM advantages sum to ${sum}`);
      for (const t of node.thoughts)
        assert.ok(Math.abs(t.images.reduce((a, i) => a + (i.advantage ?? NaN), 0)) < 1e-9);
    }
    const view = JSON.parse(JSON.stringify(treeView(tree))) as ReturnType<typeof treeView>;
    assert.equal(view.prompts[0].thoughts[2].images.length, 3);
    assert.equal(Buffer.from(view.prompts[0].thoughts[0].images[0].rgb, 'base64').length, 16 * 16 * 3);
    disposeTree(tree);
    trainer.dispose();
  });

  it('draws the same tree from the same seed, whatever was drawn before', async () => {
    const a = await tinyTrainer().trainer.rollout(1);
    const { trainer } = tinyTrainer();
    disposeTree(await trainer.rollout(0));
    const b = await trainer.rollout(1);
    assert.deepEqual(treeView(a), treeView(b));
  });

  it('visits every prompt once per pass', () => {
    const { trainer } = tinyTrainer();
    const ids = [0, 1, 2].flatMap((step) => trainer.promptsAt(step).map((p) => p.id));
    assert.deepEqual(
      [...ids.slice(0, 3)].sort(),
      prompts.map((p) => p.id),
    );
    assert.deepEqual(
      [...ids.slice(3)].sort(),
      prompts.map((p) => p.id),
    );
  });

  it('keeps no tensors between iterations', async () => {
    const { trainer } = tinyTrainer();
    await trainer.iterate(0);
    const held = tf.memory().numTensors;
    await trainer.iterate(1);
    assert.equal(tf.memory().numTensors, held);
    trainer.dispose();
  });
});

describe('schedulers', () => {
  it('staged leaves the idle module bit-identical, optimiser and EMA included', async () => {
    const config = tinyConfig((c) => {
      c.scheduler = { kind: 'staged', switchStep: 2 };
      c.dit.emaDecay = 0.9;
      c.dit.weightDecay = 0.1;
      c.llm.weightDecay = 0.1;
    });
    const { trainer } = tinyTrainer(config);
    const idle = (prefixes: string[]): Record<string, number[]> => {
      const { tensors, json } = trainer.state();
      const out = snapshot(pick(tensors, prefixes));
      return { ...out, steps: [prefixes.includes('lm.') ? json.llmSteps : json.ditSteps] };
    };
    const dit = ['lora.', 'dit_optimiser.', 'ema.'];
    const llm = ['lm.', 'lm_optimiser.'];
    const [ditStart, llmStart] = [idle(dit), idle(llm)];
    await trainer.iterate(0);
    await trainer.iterate(1);
    assert.deepEqual(idle(dit), ditStart);
    const llmTrained = idle(llm);
    assert.notDeepEqual(llmTrained, llmStart);
    const log = await trainer.iterate(2);
    assert.deepEqual(idle(llm), llmTrained);
    assert.notDeepEqual(idle(dit), ditStart);
    assert.deepEqual([log['beta/llm'], log['beta/dit']], [0, 1]);
  });

  it('a frozen LLM never moves', async () => {
    const { trainer, lm } = tinyTrainer(tinyConfig((c) => void (c.llm.mode = 'frozen')));
    const start = snapshot(lm.parameters());
    const log = await trainer.iterate(0);
    assert.deepEqual(snapshot(lm.parameters()), start);
    assert.equal(log.llm_steps, undefined);
    assert.equal(log['dit/steps'], 1);
  });

  it('groups of equal rewards move nothing, the KL included', async () => {
    const flat: Scorer = {
      name: 'flat',
      score: ({ images }) =>
        images.map(() => ({ semantic: 0.3, aesthetic: 0.3, consistency: 0.3, parts: {} })),
    };
    const config = tinyConfig((c) => {
      c.llm.klBeta = 0.1;
      c.dit.klBeta = 0.1;
    });
    const { trainer, lm } = tinyTrainer(config, flat);
    const start = { lm: snapshot(lm.parameters()), lora: snapshot(trainer.lora.weights) };
    const log = await trainer.iterate(0);
    assert.deepEqual({ lm: snapshot(lm.parameters()), lora: snapshot(trainer.lora.weights) }, start);
    assert.equal(log.frac_reward_zero_std, 1);
    assert.equal(log['dit/zero_std_ratio'], 1);
  });
});

describe('KL to the reference', () => {
  it('is 0 at the start and positive after a step, for both modules and both kinds', async () => {
    for (const klKind of ['mean', 'velocity'] as const) {
      const config = tinyConfig((c) => {
        c.llm.klBeta = 0.1;
        c.dit.klBeta = 0.1;
        c.dit.klKind = klKind;
      });
      const { trainer } = tinyTrainer(config);
      const first = await trainer.iterate(0);
      assert.equal(first.kl, 0);
      assert.ok(first['dit/kl_loss'] < 1e-9);
      const second = await trainer.iterate(1);
      assert.ok(second.kl > 0 && second['dit/kl_loss'] > 0, `${second.kl} ${second['dit/kl_loss']}`);
    }
  });
});

describe('resume', () => {
  it('2 + 2 iterations through a saved state equal 4, bit for bit', async () => {
    const config = tinyConfig((c) => {
      c.dit.emaDecay = 0.9;
      c.llm.klBeta = 0.05;
    });
    const straight = tinyTrainer(config).trainer;
    for (let step = 0; step < 4; step++) await straight.iterate(step);
    const first = tinyTrainer(config).trainer;
    for (let step = 0; step < 2; step++) await first.iterate(step);
    const { tensors, json } = first.state();
    const saved: Params = Object.fromEntries(
      Object.entries(tensors).map(([k, v]) => [k, copyOf(v as tf.Tensor)]),
    );
    first.dispose();
    const second = tinyTrainer(config).trainer;
    second.restore(saved, JSON.parse(JSON.stringify(json)));
    for (let step = 2; step < 4; step++) await second.iterate(step);
    assert.deepEqual(snapshot(second.state().tensors), snapshot(straight.state().tensors));
    assert.deepEqual(second.state().json, straight.state().json);
  });
});

describe('scorers', () => {
  const failing = (score: Scorer['score']): Scorer => ({ name: 'broken', score });

  it('that throw, give NaN or leave [0, 1] stop the run and change nothing', async () => {
    const cases: [Scorer, RegExp][] = [
      [
        failing(() => {
          throw new Error('model file is gone');
        }),
        /"broken" failed: model file is gone/,
      ],
      [
        failing(async (r) => (await brightness.score(r)).map((s) => ({ ...s, semantic: NaN }))),
        /semantic of picture 0 is NaN/,
      ],
      [
        failing(async (r) => (await brightness.score(r)).map((s) => ({ ...s, aesthetic: 1.5 }))),
        /aesthetic of picture 0 is 1.5/,
      ],
      [failing(async (r) => (await brightness.score(r)).slice(1)), /gave 17 scores, want 18/],
    ];
    for (const [scorer, message] of cases) {
      const { trainer, lm } = tinyTrainer(tinyConfig(), scorer);
      const start = snapshot(lm.parameters());
      await assert.rejects(trainer.iterate(0), message);
      assert.deepEqual(snapshot(lm.parameters()), start);
    }
  });
});

function pick(params: Params, prefixes: string[]): Params {
  return Object.fromEntries(
    Object.entries(params).filter(([name]) => prefixes.some((p) => name.startsWith(p))),
  );
}
