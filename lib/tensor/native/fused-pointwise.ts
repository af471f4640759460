// Fused twins of the norms, the activations and the rotary embedding.
import { tf } from '../backend';
import type { Twins } from '../ops/dispatch';
import type { RotaryLayout } from '../ops/rotary';
import { gradientOf, kernel, type KernelCall, run, runAll } from './fused-kernel';

const sizeOf = (shape: number[]): number => shape.reduce((a, b) => a * b, 1);

/** Rows and width of a [..., D] shape. */
function rowsOf(shape: number[]): [number, number] {
  const D = shape[shape.length - 1];
  return [sizeOf(shape) / D, D];
}

function registerNorms(): void {
  for (const [name, weighted] of [
    ['T2GRmsNorm', true],
    ['T2GRmsNormPlain', false],
  ] as const) {
    kernel(name, (call) => {
      const y = call.output(call.shape('x'));
      const rows = rowsOf(call.shape('x'));
      call.native('rmsNorm', call.values('x'), call.values('weight'), call.number('eps'), ...rows, y);
    });
    kernel(`${name}Grad`, (call) => {
      const rows = rowsOf(call.shape('x'));
      const dx = call.output(call.shape('x'));
      const dweight = weighted ? call.output([rows[1]]) : null;
      const given = [call.values('x'), call.values('weight'), call.values('dy')];
      call.native('rmsNormGrad', ...given, call.number('eps'), ...rows, dx, dweight);
    });
    gradientOf(
      name,
      { inputs: weighted ? ['x', 'weight'] : ['x'] },
      ({ dy, saved: [x, weight], attributes }) => {
        const inputs: Record<string, tf.Tensor> = weighted ? { x, weight, dy } : { x, dy };
        const [dx, dweight] = runAll(`${name}Grad`, inputs, attributes);
        return { x: () => dx, weight: () => dweight };
      },
    );
  }

  const layerNorm = (call: KernelCall): void => {
    const shape = call.shape('x');
    const y = call.output(shape);
    const given = [call.values('x'), call.values('shift'), call.values('scale'), call.number('eps')];
    call.native('layerNorm', ...given, ...rowsOf(shape), call.number('rowsPerSample'), y);
  };
  const layerNormGrad = (call: KernelCall): void => {
    const shape = call.shape('x');
    const scale = call.values('scale');
    const dx = call.output(shape);
    const dshift = scale ? call.output(call.shape('scale')) : null;
    const dscale = scale ? call.output(call.shape('scale')) : null;
    const given = [call.values('x'), scale, call.values('dy'), call.number('eps')];
    call.native(
      'layerNormGrad',
      ...given,
      ...rowsOf(shape),
      call.number('rowsPerSample'),
      dx,
      dshift,
      dscale,
    );
  };
  kernel('T2GLayerNorm', layerNorm);
  kernel('T2GLayerNormGrad', layerNormGrad);
  gradientOf('T2GLayerNorm', { inputs: ['x'] }, ({ dy, saved: [x], attributes }) => ({
    x: () => run('T2GLayerNormGrad', { x, dy }, attributes),
  }));
  kernel('T2GLayerNormModulate', layerNorm);
  gradientOf('T2GLayerNormModulate', { inputs: ['x', 'scale'] }, ({ dy, saved: [x, scale], attributes }) => {
    const [dx, dshift, dscale] = runAll('T2GLayerNormGrad', { x, scale, dy }, attributes);
    return { x: () => dx, shift: () => dshift, scale: () => dscale };
  });

  kernel('T2GGatedResidual', (call) => {
    const out = call.output(call.shape('x'));
    const given = [call.values('x'), call.values('gate'), call.values('y')];
    call.native('gatedResidual', ...given, ...call.shape('x'), out);
  });
  kernel('T2GGatedResidualGrad', (call) => {
    const dgate = call.output(call.shape('gate'));
    const dy = call.output(call.shape('y'));
    const given = [call.values('gate'), call.values('y'), call.values('dout')];
    call.native('gatedResidualGrad', ...given, ...call.shape('y'), dgate, dy);
  });
  gradientOf('T2GGatedResidual', { inputs: ['gate', 'y'] }, ({ dy: dout, saved: [gate, y] }) => {
    const [dgate, dy] = runAll('T2GGatedResidualGrad', { gate, y, dout });
    return { x: () => tf.clone(dout), gate: () => dgate, y: () => dy };
  });
}

function registerActivations(): void {
  for (const [name, native] of [
    ['T2GSilu', 'fusedSilu'],
    ['T2GGelu', 'fusedGelu'],
  ]) {
    kernel(name, (call) => {
      const y = call.output(call.shape('x'));
      call.native(native, call.values('x'), sizeOf(call.shape('x')), y);
    });
    kernel(`${name}Grad`, (call) => {
      const dx = call.output(call.shape('x'));
      call.native(`${native}Grad`, call.values('x'), call.values('dy'), sizeOf(call.shape('x')), dx);
    });
    gradientOf(name, { inputs: ['x'] }, ({ dy, saved: [x] }) => ({ x: () => run(`${name}Grad`, { x, dy }) }));
  }

  kernel('T2GSwiglu', (call) => {
    const y = call.output(call.shape('gate'));
    call.native('swiglu', call.values('gate'), call.values('up'), sizeOf(call.shape('gate')), y);
  });
  kernel('T2GSwigluGrad', (call) => {
    const shape = call.shape('gate');
    const dgate = call.output(shape);
    const dup = call.output(shape);
    const given = [call.values('gate'), call.values('up'), call.values('dy')];
    call.native('swigluGrad', ...given, sizeOf(shape), dgate, dup);
  });
  gradientOf('T2GSwiglu', { inputs: ['gate', 'up'] }, ({ dy, saved: [gate, up] }) => {
    const [dgate, dup] = runAll('T2GSwigluGrad', { gate, up, dy });
    return { gate: () => dgate, up: () => dup };
  });
}

function registerRotary(): void {
  kernel('T2GRotary', (call) => {
    const y = call.output(call.shape('x'));
    const perSample = call.shape('cos').length === 3;
    const given = [call.values('x'), call.values('cos'), call.values('sin')];
    const flags = [perSample, call.flag('interleaved'), call.flag('inverse')];
    call.native('rotary', ...given, ...call.shape('x'), ...flags, y);
  });
  gradientOf('T2GRotary', { inputs: ['cos', 'sin'] }, ({ dy, saved: [cos, sin], attributes }) => ({
    x: () => run('T2GRotary', { x: dy, cos, sin }, { ...attributes, inverse: !attributes.inverse }),
    cos: () => tf.zerosLike(cos),
    sin: () => tf.zerosLike(sin),
  }));
}

/** Registers the kernels and returns the twins. */
export function pointwiseTwins(): Twins {
  registerNorms();
  registerActivations();
  registerRotary();
  return {
    rmsNorm: (x: tf.Tensor, weight: tf.Tensor | null | undefined, eps: number) =>
      weight ? run('T2GRmsNorm', { x, weight }, { eps }) : run('T2GRmsNormPlain', { x }, { eps }),
    layerNorm: (x: tf.Tensor, eps: number) => run('T2GLayerNorm', { x }, { eps, rowsPerSample: 1 }),
    layerNormModulate: (x: tf.Tensor, shift: tf.Tensor, scale: tf.Tensor, eps: number) =>
      run('T2GLayerNormModulate', { x, shift, scale }, { eps, rowsPerSample: x.shape[1] as number }),
    gatedResidual: (x: tf.Tensor, gate: tf.Tensor, y: tf.Tensor) => run('T2GGatedResidual', { x, gate, y }),
    silu: (x: tf.Tensor) => run('T2GSilu', { x }),
    gelu: (x: tf.Tensor) => run('T2GGelu', { x }),
    swiglu: (gate: tf.Tensor, up: tf.Tensor) => run('T2GSwiglu', { gate, up }),
    rotary: (x: tf.Tensor, cos: tf.Tensor, sin: tf.Tensor, layout: RotaryLayout) =>
      run('T2GRotary', { x, cos, sin }, { interleaved: layout === 'interleaved', inverse: false }),
  };
}
