// Fused twins of attention: any number of streams in one kernel, norm and rotary embedding inside.
import { tf } from '../backend';
import type { AttentionInputs, AttentionStream, JointAttentionInputs } from '../ops/attention';
import type { Twins } from '../ops/dispatch';
import type { NativeArgument } from './addon';
import { gradientOf, kernel, type KernelCall, runAll } from './fused-kernel';

/** The tensors that a stream may have, in the native order; "k0" is stream 0's keys in a kernel's inputs. */
const PARTS = ['q', 'k', 'v', 'cos', 'sin', 'qNorm', 'kNorm'] as const;

/** The part names of stream i that the kernel call has. */
const slot = (part: string, i: number): string => `${part}${i}`;

/** The native list of stream i, without its outputs. */
function streamArguments(call: KernelCall, i: number): NativeArgument[] {
  const has = (part: string): boolean => call.values(slot(part, i)) !== null;
  const tokens = has('q') ? call.shape(slot('q', i))[1] : 0;
  const perSample = has('cos') && call.shape(slot('cos', i)).length === 3;
  const values = PARTS.map((part) => call.values(slot(part, i)));
  const interleaved = call.sizes('interleaved')[i] === 1;
  return [...values, tokens, call.shape(slot('k', i))[1], perSample, interleaved];
}

function callAttention(call: KernelCall, name: string, streams: NativeArgument[][], logSums: NativeArgument) {
  const [B, , Hkv, dh] = call.shape('k0');
  const sizes = [B, call.number('heads'), Hkv, dh];
  const scalars = [call.flag('causal'), call.number('scale'), call.number('eps')];
  call.native(name, streams, call.values('keyMask'), ...sizes, ...scalars, logSums);
}

const registered = new Set<string>();

/** The kernel for calls with these inputs, registered with its gradient at the first use; returns its name. */
function attentionKernel(inputs: string[], count: number): string {
  const name = `T2GAttention:${inputs.join()}`;
  if (registered.has(name)) return name;
  registered.add(name);
  const streams = Array.from({ length: count }, (_, i) => i);
  const asking = streams.filter((i) => inputs.includes(slot('q', i)));
  kernel(name, (call) => {
    const lists = streams.map((i) => [
      ...streamArguments(call, i),
      asking.includes(i) ? call.output(call.shape(slot('q', i))) : null,
    ]);
    const queries = asking.reduce((sum, i) => sum + call.shape(slot('q', i))[1], 0);
    callAttention(
      call,
      'attention',
      lists,
      call.output([call.shape('k0')[0], call.number('heads'), queries]),
    );
  });
  const learned = inputs.filter((input) => /^(q|k|v|qNorm|kNorm)\d$/.test(input));
  kernel(`${name}Grad`, (call) => {
    const gradients = new Map(learned.map((input) => [input, call.output(call.shape(input))]));
    const lists = streams.map((i) => [
      ...streamArguments(call, i),
      call.values(slot('out', i)),
      call.values(slot('dout', i)),
      ...['q', 'k', 'v', 'qNorm', 'kNorm'].map((part) => gradients.get(slot(part, i)) ?? null),
    ]);
    callAttention(call, 'attentionGrad', lists, call.values('logSums'));
  });
  const outs = asking.map((i) => slot('out', i));
  const outputs = [...outs, 'logSums'];
  const kept = [outputs.length - 1]; // the log-sums
  gradientOf(name, { inputs, outputs: outputs.map(() => true), kept }, ({ dys, saved, attributes }) => {
    const named = Object.fromEntries([...inputs, ...outputs].map((key, i) => [key, saved[i]]));
    asking.forEach((i, n) => (named[slot('dout', i)] = dys[n]));
    const gradients = runAll(`${name}Grad`, named, attributes);
    return Object.fromEntries(
      inputs.map((input) => {
        const at = learned.indexOf(input);
        return [input, () => (at < 0 ? tf.zerosLike(named[input]) : gradients[at])];
      }),
    );
  });
  return name;
}

/** The tensors of a stream by part. */
function partsOf({ q, k, v, rotary, norm }: AttentionStream): Record<string, tf.Tensor | null | undefined> {
  return { q, k, v, cos: rotary?.cos, sin: rotary?.sin, qNorm: q && norm?.q, kNorm: norm?.k };
}

function jointAttention({ streams, causal = false, keyMask, scale }: JointAttentionInputs): tf.Tensor[] {
  const inputs: Record<string, tf.Tensor> = {};
  streams.forEach((stream, i) => {
    const parts = partsOf(stream);
    for (const part of PARTS) {
      const values = parts[part];
      if (values) inputs[slot(part, i)] = values;
    }
  });
  const mask = keyMask && keyMask.dtype !== 'float32' ? tf.cast(keyMask, 'float32') : keyMask;
  if (mask) inputs.keyMask = mask;
  const q = (streams.find((stream) => stream.q) as AttentionStream).q as tf.Tensor;
  const [, , heads, dh] = q.shape as number[];
  const all = runAll(attentionKernel(Object.keys(inputs), streams.length), inputs, {
    heads,
    causal,
    scale: scale ?? 1 / Math.sqrt(dh),
    eps: streams.find((stream) => stream.norm)?.norm?.eps ?? 0,
    interleaved: streams.map(({ rotary }) => (rotary?.layout === 'interleaved' ? 1 : 0)),
  });
  (all.pop() as tf.Tensor).dispose(); // the log sums: a tape keeps its own reference
  if (mask && mask !== keyMask) mask.dispose();
  return all;
}

/** The twins; their kernels register themselves when they are first called. */
export function attentionTwins(): Twins {
  return {
    attention: ({ causal, keyMask, scale, ...stream }: AttentionInputs) =>
      jointAttention({ streams: [stream], causal, keyMask, scale })[0],
    jointAttention,
  };
}
