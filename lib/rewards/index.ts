// Judging pictures: the reward contract, semantics from predicates, and the learned judge.
export * from './rewards';
export * from './semantics';
export * from './judge';
export * from './judge-model';
export * from './judge-objects';
export * from './judge-labels';
export {
  drawnScene,
  judgeSample,
  type JudgeDataOptions,
  type JudgeSample,
  type SampleKind,
} from './judge-data';
export * from './judge-loss';
export * from './judge-stem';
export { nameForward, sceneForward } from './judge-trunk';
export { cellAgreement, figureAgreement } from './figure-reading';
export { panelPicture } from './panel-picture';
export { collage } from './collage';
export { drawMixed, type ArtMix, type ExtraArt } from './judge-art';
export { randomStyle, restyled, warped, type SpriteStyle } from './sprite-changes';
export {
  PIXEL_FAULTS,
  pixelFault,
  STRUCTURE_FAULTS,
  structureFault,
  visibleFault,
  type PixelFault,
  type StructureFault,
} from './corruptions';
