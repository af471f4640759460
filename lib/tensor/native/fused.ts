// Gives the native backend its fused twins: of the ops, and of the optimiser's updates.
import { copyOf, tf } from '../backend';
import { provideDecoding } from '../ops/decode';
import { providePainting } from '../ops/painting';
import { type FusedOptim, hasEmpty, provideOptim, provideTwins, type Twins } from '../ops/dispatch';
import { callNative, type NativeArgument } from './addon';
import { type NativeBackend, type NativeValues, valuesOf } from './backend';
import { attentionTwins } from './fused-attention';
import { headTwins } from './fused-head';
import { nativeDecoding } from './fused-decode';
import { mlpTwins } from './fused-mlp';
import { nativePainting } from './fused-painting';
import { pointwiseTwins } from './fused-pointwise';
import { productTwins } from './fused-products';

/** Twins never see a tensor without elements: those take the definition, whose result needs no arithmetic. */
function unlessEmpty(twins: Twins, definitions: Twins): Twins {
  const guarded: Twins = {};
  for (const [name, twin] of Object.entries(twins)) {
    guarded[name] = (...args: unknown[]) => (hasEmpty(args) ? definitions[name](...args) : twin(...args));
  }
  return guarded;
}

/** A kernel call takes a limited number of arrays, so long lists go in pieces. */
const LIST_LIMIT = 40;

function* pieces<T>(list: T[]): Generator<T[]> {
  for (let at = 0; at < list.length; at += LIST_LIMIT) yield list.slice(at, at + LIST_LIMIT);
}

function fusedOptim(): FusedOptim {
  const backend = tf.backend() as unknown as NativeBackend;
  const call = (name: string, ...args: NativeArgument[]): unknown => callNative(backend.addon, name, ...args);
  const valuesOfAll = (tensors: tf.Tensor[]): NativeValues[] => tensors.map((x) => valuesOf(backend, x));
  /** Gives a variable memory of its own when a clone (or the tensor it was made from) still shares it. */
  const unshare = (x: tf.Variable): void => {
    if (backend.refCount(x.dataId) > 1) tf.tidy(() => x.assign(copyOf(x as tf.Tensor)));
  };
  return {
    adamw(slots, { lr, beta1, beta2, eps, weightDecay, correction1, correction2 }) {
      for (const piece of pieces(slots.filter((slot) => slot.parameter.size > 0))) {
        for (const slot of piece) for (const x of [slot.parameter, slot.mean, slot.square]) unshare(x);
        const lists = (['parameter', 'grad', 'mean', 'square'] as const).map((key) =>
          valuesOfAll(piece.map((slot) => slot[key] as tf.Tensor)),
        );
        const decays = piece.map((slot) => (slot.decays ? 1 : 0));
        call('adamw', ...lists, decays, lr, beta1, beta2, eps, weightDecay, correction1, correction2);
      }
    },
    muon(slots, { rows, columns, momentum, rate, iterations, scale, shift, offset }) {
      for (const piece of pieces(slots.filter((slot) => slot.parameter.size > 0))) {
        for (const slot of piece) for (const x of [slot.parameter, slot.momentum]) unshare(x);
        const lists = (['parameter', 'grad', 'momentum'] as const).map((key) =>
          valuesOfAll(piece.map((slot) => slot[key] as tf.Tensor)),
        );
        const keeps = piece.map(({ keep }) => keep);
        call('muon', ...lists, keeps, rows, columns, momentum, rate, iterations, scale, shift, offset);
      }
    },
    globalNorm(tensors) {
      let total = 0;
      for (const piece of pieces(tensors.filter((x) => x.size > 0))) {
        total += call('sumOfSquares', valuesOfAll(piece)) as number;
      }
      return Math.sqrt(total);
    },
    scale(tensors, factor) {
      const unique = [...new Set(tensors)];
      const shared = unique.filter((x) => backend.refCount(x.dataId) > 1);
      const own = unique.filter((x) => x.size > 0 && !shared.includes(x));
      for (const piece of pieces(own)) call('scaleInPlace', valuesOfAll(piece), factor);
      return new Set(shared);
    },
    ema(average, parameter, decay) {
      if (average.size === 0) return;
      unshare(average);
      call('moveTowards', valuesOfAll([average as tf.Tensor]), valuesOfAll([parameter]), 1 - decay);
    },
  };
}

/** Makes the twins known; kernels are registered at the first op that runs on the native backend. */
export function provideNativeTwins(definitions: Twins): void {
  provideTwins('native', () =>
    unlessEmpty(
      { ...pointwiseTwins(), ...productTwins(), ...attentionTwins(), ...headTwins(), ...mlpTwins() },
      definitions,
    ),
  );
  let optim: FusedOptim | undefined;
  provideOptim('native', () => (optim ??= fusedOptim()));
  provideDecoding('native', nativeDecoding);
  providePainting('native', nativePainting);
}
