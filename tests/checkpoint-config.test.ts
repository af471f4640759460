// Configs and command lines: what is not understood is refused, by name.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import {
  ConfigError,
  flagsOf,
  oneOf,
  parseCli,
  parseConfig,
  positiveInteger,
  readConfig,
  readJson,
  type CliOptions,
} from '../lib/checkpoint';

const defaults = {
  steps: 100,
  lr: 1e-3,
  name: 'base',
  ema: true,
  debug: false,
  betas: [0.9, 0.95],
  tags: [] as string[],
  seed: null as number | null,
  reward: { weights: { semantic: 1, aesthetic: 0.5 }, kind: 'judge' },
  extra: {} as Record<string, unknown>,
};

function refuses(overrides: unknown, message: RegExp | string, options = {}): void {
  assert.throws(
    () => parseConfig(defaults, overrides, options),
    (error: Error) => {
      assert.ok(error instanceof ConfigError);
      if (typeof message === 'string') assert.equal(error.message, message);
      else assert.match(error.message, message);
      return true;
    },
  );
}

test('overrides are laid over the defaults, deeply, and neither is changed', () => {
  const before = structuredClone(defaults);
  const over = {
    lr: 0.1,
    reward: { weights: { semantic: 2 } },
    seed: 3,
    tags: ['a'],
    extra: { x: 1 },
    steps: undefined,
  };
  const config = parseConfig(defaults, over);
  assert.deepEqual(config, {
    ...before,
    lr: 0.1,
    seed: 3,
    tags: ['a'],
    extra: { x: 1 },
    reward: { weights: { semantic: 2, aesthetic: 0.5 }, kind: 'judge' },
  });
  config.betas.push(1);
  config.reward.weights.aesthetic = 9;
  assert.deepEqual(defaults, before);
  assert.deepEqual(parseConfig(defaults), before);
});

test('unknown keys throw and suggest the nearest known one', () => {
  refuses({ stpes: 3 }, 'config: unknown key stpes; did you mean steps?');
  refuses(
    { reward: { weights: { esthetic: 3 } } },
    'config: unknown key reward.weights.esthetic; did you mean reward.weights.aesthetic?',
  );
  refuses({ completelyDifferent: 3 }, /unknown key completelyDifferent; known: steps, lr, name/);
  refuses(JSON.parse('{"__proto__": {"steps": 1}}'), /unknown key __proto__/);
  refuses({ toString: 1 }, /unknown key toString/);
  assert.equal(parseConfig(defaults, { architectures: ['Qwen2'], lr: 2 }, { unknown: 'ignore' }).lr, 2);
});

test('wrong types throw and name the value found and the one wanted', () => {
  refuses({ steps: '3' }, 'config: steps is "3", want a number');
  refuses({ lr: NaN }, 'config: lr is NaN, want a number');
  refuses({ ema: 1 }, 'config: ema is 1, want true or false');
  refuses({ name: null }, 'config: name is null, want a string');
  refuses({ betas: [0.9, '1'] }, 'config: betas is [0.9,"1"], want a list, each a number');
  refuses({ betas: 0.9 }, /betas is 0.9, want a list/);
  refuses({ reward: 3 }, 'config: reward is 3, want an object { ... }');
  refuses({ reward: { weights: [] } }, /reward.weights is \[\], want an object/);
  refuses([], 'config: is [], want an object { ... }');
  refuses(null, /is null/);
});

test('checks, allowed values and required keys', () => {
  const dims = { num_layers: 6, act: 'silu' };
  const options = {
    where: 'transformer/config.json',
    checks: { num_layers: positiveInteger },
    allowed: { act: ['silu', 'gelu'] },
  };
  for (const [value, shown] of [
    ['six', '"six"'],
    [0, '0'],
    [1.5, '1.5'],
    [-1, '-1'],
    [null, 'null'],
  ] as const)
    assert.throws(() => parseConfig(dims, { num_layers: value }, options), {
      message: `transformer/config.json: num_layers is ${shown}, want a positive integer`,
    });
  assert.throws(
    () => parseConfig(dims, { act: 'relu' }, options),
    /act is "relu", want one of "silu", "gelu"/,
  );
  assert.deepEqual(parseConfig(dims, { num_layers: 2, act: 'gelu' }, options), {
    num_layers: 2,
    act: 'gelu',
  });
  refuses({ lr: 1 }, 'config: steps is missing', { required: ['lr', 'steps'] });
  assert.ok(oneOf(1, null).ok(null));
});

test('files are named in errors: missing, broken JSON, wrong contents', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'config-'));
  const file = path.join(dir, 'config.json');
  assert.throws(() => readJson(file), /config\.json: could not be read \(no such file\)/);
  fs.writeFileSync(file, '{"lr": 1,}');
  assert.throws(() => readConfig(file, defaults), /config\.json: is not valid JSON/);
  fs.writeFileSync(file, '\uFEFF{"lr": "x"}');
  assert.throws(() => readConfig(file, defaults), /config\.json: lr is "x", want a number/);
  fs.rmSync(dir, { recursive: true });
});

/** Runs a command line; what it printed and how it ended. */
function cli(
  argv: string[],
  more: Partial<CliOptions> = {},
): { config?: typeof defaults; code?: number; out: string; err: string } {
  const result = { out: '', err: '' } as ReturnType<typeof cli>;
  class Exit extends Error {}
  try {
    result.config = parseCli(defaults, {
      name: 'npm run sft --',
      describe: { lr: 'learning rate', steps: 'updates in all' },
      argv,
      print: (text, stream) => void (stream === 'stdout' ? (result.out += text) : (result.err += text)),
      exit: (code) => {
        result.code = code;
        throw new Exit();
      },
      ...more,
    });
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
  }
  return result;
}

test('a command line becomes a config', () => {
  const { config } = cli([
    '--steps', '20', '--lr=3e-4', '--no-ema', '--debug', '--reward.weights.semantic', '-2',
    '--betas', '0.9,0.99', '--tags', '["x","y"]', '--name=--odd=name', '--seed', '7', '--extra', '{"a":1}',
  ]); // prettier-ignore
  assert.deepEqual(config, {
    ...defaults,
    steps: 20,
    lr: 3e-4,
    ema: false,
    debug: true,
    betas: [0.9, 0.99],
    tags: ['x', 'y'],
    name: '--odd=name',
    seed: 7,
    extra: { a: 1 },
    reward: { kind: 'judge', weights: { semantic: -2, aesthetic: 0.5 } },
  });
  assert.deepEqual(cli([]).config, defaults);
  assert.equal(cli(['--debug', 'true', '--ema', 'false']).config?.ema, false);
  assert.equal(parseCli({ saveEvery: 1 }, { name: 'x', argv: ['--save-every', '5'] }).saveEvery, 5);
});

test('mistakes on a command line end with 2 and one clear line', () => {
  const cases: [string[], RegExp][] = [
    [['--stesp', '3'], /unknown key stesp; did you mean steps\?/],
    [['--steps', 'many'], /steps is "many", want a number/],
    [['--steps'], /--steps has no value/],
    [['--steps', '--debug'], /--steps has no value/],
    [['steps=3'], /"steps=3" belongs to no option/],
    [['--no-lr'], /lr is not a flag/],
    [['--debug=perhaps'], /debug is "perhaps", want true or false/],
    [['--betas', '1,x'], /betas is \[1,"x"\], want a list, each a number/],
    [['--reward.kind', 'other'], /reward.kind is "other", want one of "judge", "human"/],
  ];
  for (const [argv, message] of cases) {
    const { code, err } = cli(argv, { allowed: { 'reward.kind': ['judge', 'human'] } });
    assert.equal(code, 2, argv.join(' '));
    assert.match(err, message);
    assert.match(err, /npm run sft -- --help lists the options/);
  }
});

test('--help prints every option with its default and meaning, and ends with 0', () => {
  const { code, out } = cli(['--steps', 'x', '--help'], {
    help: 'Fine-tunes.',
    allowed: { 'reward.kind': ['judge', 'human'] },
  });
  assert.equal(code, 0);
  for (const line of [
    /^npm run sft -- \[--key value/,
    /^Fine-tunes\.$/m,
    /--steps +100 +updates in all/,
    /--lr +0.001 +learning rate/,
    /--no-ema +true/,
    /--debug +false/,
    /--betas +0.9,0.95/,
    /--reward\.weights\.semantic +1/,
    /--reward\.kind +judge +\(one of "judge", "human"\)/,
  ])
    assert.match(out, line);
});

test('a command that was given can be written down and read back', () => {
  const chosen = {
    ...defaults,
    steps: 7,
    name: "it's here",
    ema: false,
    debug: true,
    betas: [0.5, 0.6],
    tags: ['one, two', 'three'],
    reward: { weights: { semantic: 2, aesthetic: 0.5 }, kind: 'judge' },
  };
  const flags = flagsOf(defaults, { ...chosen, unknown: 3 });
  assert.deepEqual(flagsOf(defaults, defaults), []);
  assert.equal(flags.includes('--betas 0.5,0.6'), true);
  // As a shell would split them.
  const argv = flags.flatMap((flag) => {
    const [key, ...rest] = flag.split(' ');
    const text = rest.join(' ');
    return text === ''
      ? [key]
      : [key, text.startsWith("'") ? text.slice(1, -1).replaceAll("'\\''", "'") : text];
  });
  assert.deepEqual(parseCli(defaults, { name: 'test', argv }), chosen);
});
