/** One engine of `npm run bench` in this library: answers requests on stdin (see protocol.ts), like torch/worker.py. */
import { createInterface } from 'node:readline';
import { performance } from 'node:perf_hooks';
import { initBackend, setMatmulPrecision, tf, type BackendName } from '../../lib/tensor';
import { residentBytes, resetPeak } from './memory';
import type { Answer, Request } from './protocol';
import { makeWork, type Work } from './works';

const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);
const ready = new Map<string, Work>();

async function timed(work: Work, { budget, steps }: { budget: number; steps: number }): Promise<number[]> {
  const times: number[] = [];
  const began = performance.now();
  while (times.length < steps && (times.length === 0 || performance.now() - began < budget)) {
    const start = performance.now();
    await work.run();
    times.push(performance.now() - start);
  }
  return times;
}

async function answer(request: Request): Promise<Omit<Answer, 'id'>> {
  switch (request.op) {
    case 'prepare': {
      const work = await makeWork(request.kind, request.sizes);
      const start = performance.now();
      await work.run();
      ready.set(request.work, work);
      return { check: work.check, warmMs: performance.now() - start };
    }
    case 'time':
      return { times: await timed(ready.get(request.work)!, request) };
    case 'free':
      ready.get(request.work)?.dispose();
      ready.delete(request.work);
      return {};
    case 'memory': {
      tf.dispose(tf.matMul(tf.ones([256, 256]), tf.ones([256, 256])));
      const idle = residentBytes('VmRSS');
      resetPeak();
      const work = await makeWork(request.kind, request.sizes);
      for (let i = 0; i < request.steps; i++) await work.run();
      return { idle, peak: residentBytes('VmHWM') };
    }
  }
}

async function main(): Promise<void> {
  console.log = console.error; // stdout is for answers
  const [backend, precision] = process.argv.slice(2) as [BackendName, 'fp32' | 'bf16'];
  const info = await initBackend(backend);
  setMatmulPrecision(precision);
  const versions = { node: process.version, tfjs: tf.version['tfjs-core'] };
  say({ hello: info.name, detail: info.detail, threads: info.threads, versions });
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request & { id: number };
    try {
      say({ id: request.id, ...(await answer(request)) });
    } catch (error) {
      say({ id: request.id, error: (error as Error).message.split('\n')[0].slice(0, 300) });
    }
  }
}

main().catch((error: Error) => {
  console.error(error.message.split('\n')[0]);
  process.exit(1);
});
