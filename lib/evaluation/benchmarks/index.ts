// Benchmark sets, their formulae, and loaders for a user's own copy of the public ones.
export { BENCHMARKS } from './types';
export type {
  Aspect,
  BenchmarkItem,
  BenchmarkName,
  BenchmarkQuestion,
  BenchmarkReader,
  PictureReading,
  ScoredItem,
} from './types';
export { benchmarkItems, countItems, factItems, type ItemOptions } from './sets';
export { questionsOf, questionText } from './questions';
export type { Answer as QuestionAnswer } from './answers';
export { riseScores, stepScores, T2I_DIMENSIONS, T2I_GRADES, t2iScores } from './formulas';
export type { RiseGrades, RiseScores, T2iAnswers, T2iDimension } from './formulas';
export { markPicture, type Marked } from './metrics';
export { baselineOf, markScene, SCENE_BASELINES, type SceneBaseline } from './scenes';
export { restKept } from './rest-kept';
export * from './run';
export * from './summary';
export type { JudgeQuestion, PublicPrompt } from './public-prompt';
export { PUBLIC_LIMITS } from './public-rows';
export { loadWise } from './public-wise';
export { loadT2iReasonBench, type T2iOptions } from './public-t2i';
export { loadRiseBench } from './public-rise';
export * from './prompt-judge';
