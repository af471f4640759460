// Kernels that look values up or scatter them by integer index: GatherV2, UnsortedSegmentSum, OneHot.
import * as tf from '@tensorflow/tfjs';
import { valuesOf } from '../backend';
import { floatOutput, floats, isFloat, type KernelCall, native, override } from './shared';

function gather({ inputs: { x, indices }, attrs, backend }: KernelCall): tf.TensorInfo | undefined {
  const ids = valuesOf(backend, indices);
  if (!isFloat(x) || !(ids instanceof Int32Array)) return undefined;
  const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0];
  const batchDims = ((attrs.batchDims as number | undefined) ?? 0) || 0;
  if (batchDims < 0 || batchDims > axis) return undefined;
  const info = tf.backend_util.segment_util.collectGatherOpShapeInfo(
    x as tf.Tensor,
    indices as tf.Tensor,
    axis,
    batchDims,
  );
  const count = tf.util.sizeFromShape(indices.shape) / info.batchSize;
  return floatOutput(backend, info.outputShape, (out) => {
    if (out.length === 0) return;
    native(
      backend,
      'gather',
      floats(backend, x),
      ids,
      out,
      info.batchSize,
      info.outerSize,
      info.dimSize,
      info.sliceSize,
      count,
    );
  });
}

function segmentSum({ inputs: { x, segmentIds }, attrs, backend }: KernelCall): tf.TensorInfo | undefined {
  const ids = valuesOf(backend, segmentIds);
  if (!isFloat(x) || !(ids instanceof Int32Array) || segmentIds.shape.length !== 1) return undefined;
  const segments = attrs.numSegments as number;
  const inner = tf.util.sizeFromShape(x.shape.slice(1));
  return floatOutput(backend, [segments, ...x.shape.slice(1)], (out) =>
    native(backend, 'segmentSum', floats(backend, x), ids, out, segmentIds.shape[0], inner, segments),
  );
}

function oneHot({ inputs: { indices }, attrs, backend }: KernelCall): tf.TensorInfo | undefined {
  const ids = valuesOf(backend, indices);
  if (attrs.dtype !== 'float32' || !(ids instanceof Int32Array)) return undefined;
  const depth = attrs.depth as number;
  return floatOutput(backend, [...indices.shape, depth], (out) =>
    native(backend, 'oneHot', ids, out, ids.length, depth, attrs.onValue as number, attrs.offValue as number),
  );
}

/** tfjs' cpu kernel returns nothing for a negative axis. */
function cumsum(call: KernelCall): tf.TensorInfo {
  const axis = tf.util.parseAxisParam(call.attrs.axis as number, call.inputs.x.shape)[0];
  const general = tf.getKernel('Cumsum', 'cpu')?.kernelFunc as unknown as (call: KernelCall) => tf.TensorInfo;
  return general({ ...call, attrs: { ...call.attrs, axis } });
}

export function registerIndexing(): void {
  override('GatherV2', gather);
  override('UnsortedSegmentSum', segmentSum);
  override('OneHot', oneHot);
  override('Cumsum', cumsum);
}
