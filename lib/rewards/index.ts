// Judging pictures: the reward contract, semantics from predicates, and the learned judge.
export * from './rewards';
export * from './semantics';
export * from './judge';
export * from './judge-model';
export * from './judge-labels';
export { drawnScene, judgeSample, type JudgeSample, type SampleKind } from './judge-data';
export * from './judge-loss';
export {
  PIXEL_FAULTS,
  pixelFault,
  STRUCTURE_FAULTS,
  structureFault,
  type PixelFault,
  type StructureFault,
} from './corruptions';
