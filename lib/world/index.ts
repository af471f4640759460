/** The embedded picture world: concepts, scenes, captions, pictures, criteria. */
export * from './types';
export {
  CONCEPTS,
  conceptNames,
  conceptOf,
  conceptsUpTo,
  DEFAULT_TIER,
  hasConcept,
  nearestNames,
} from './concepts';
export { spriteOf, heldOutSprite, SPRITE_SIZES } from './atlas';
export {
  BACKGROUND_WORDS,
  TIME_WORDS,
  hasTime,
  inkOf,
  backgroundPixels,
  HORIZON,
  SCENE_SIZE,
} from './backgrounds';
export { COLOUR_RGB } from './canvas';
export type { Rgb } from './canvas';
export { GLYPHS, LINE_LENGTH, MAX_LINES, MAX_LINES_WITH_OBJECTS, glyphRows, lineRow } from './glyphs';
export { layoutScene, sizeOf, slotPlace } from './layout';
export { SIZE_PX, SMALLEST } from './layout-cells';
export type { Layout, PlacedProp, PlacedSprite } from './layout';
export { propPicture } from './props';
export { artistsOf, normaliseScene, sceneProblems, validateScene } from './scene';
export { renderScene, tintSprite } from './render';
export type { RenderOptions } from './render';
export { blit } from './pixels';
export { captionVocabulary, NUMBER_WORDS, STYLE_WORDS } from './words';
export { canonicalCaption, captionOf, DEFAULT_SAY, PHRASINGS } from './caption';
export type { CaptionOptions, SayOptions } from './caption';
export { parseCaption, parsePartial } from './parse';
export type { PartialScene } from './parse';
export { DEFAULT_SIZES, DEFAULT_WEIGHTS, randomScene } from './random-scene';
export { HELD_OUT_ONE_IN, isHeldOutScene } from './held-out-scenes';
export type { RandomSceneOptions, SceneWeights } from './random-scene';
export { countOf, criteriaOfScene, predicateProblems, specMeets, specSatisfies } from './predicates';
export { encodePng, gridImage, imagesToTensor, savePngGrid, tensorToImages, toBytes } from './image';
export type { RgbImage } from './image';
export { EDITIONS, editionOf, tierOf } from './editions';
export type { Edition, EditionOptions } from './editions';
export { modelEdition } from './model-edition';
export {
  CORE_FAMILIES,
  FACT_FAMILIES,
  PROMPT_FAMILIES,
  WISE_FAMILIES,
  buildFacts,
  editionProblems,
  factProblems,
  factsOf,
  loadFacts,
  splitOf,
  thoughtCount,
  thoughtOf,
} from './facts';
export type { Fact, FactFamily, FactRow } from './facts';
export { RELATION_TEXTS, relationProblems, relationTexts, unseenRelations } from './facts-text';
export type { RelationText } from './facts-text';
export { SPLITS, SPLIT_PERCENT, assignSplits } from './splits';
export type { Split, Splittable } from './splits';
export { conceptDocuments } from './concept-text';
export { buildCorpus, CORPUS_DEFAULTS, corpusDocuments, drawDocument, factDocuments } from './corpus';
export type { CorpusDocument, CorpusOptions } from './corpus';
export { clozeOf, questionOf } from './recall';
export type { RecallText } from './recall';
export { corpusReport } from './corpus-report';
export type { CorpusReport, CorpusReportOptions, KindReport, Spread } from './corpus-report';
export { pickShowcase, promptsOf, rlPrompts, SFT_LIMIT, sftRows } from './sft-rows';
export type { FactPrompt, SftOptions, SftRow } from './sft-rows';
export { sftProblems, sftReport, thoughtSkeleton } from './sft-report';
export type { SftReport } from './sft-report';
export { recallTemplates, variedThought } from './thoughts';
export {
  familyMajority,
  nearestRow,
  promptEcho,
  relationMajority,
  templateEcho,
  testSlices,
  TEST_SLICES,
} from './facts-baselines';
export type { TestSlice } from './facts-baselines';
export {
  absentInCorpus,
  hasWords,
  leakingThoughts,
  promptsWithAnswer,
  promptsWithHint,
  sameFacts,
  sharedGrams,
  sharedPrompts,
  toldByStories,
} from './leakage';
export type { GramOptions, SharedGram } from './leakage';
export type { Baseline } from './facts-baselines';
export {
  canMove,
  cellsOfLine,
  FIGURE_NAMES,
  isGrid,
  LINES,
  mazePaths,
  roomsOfPath,
  withCell,
  wonLine,
} from './figures';
export type {
  BoardLine,
  CellPlace,
  ClockFigure,
  Figure as SceneFigure,
  FigureName,
  GridFigure,
  MazeFigure,
  SignFigure,
  SudokuFigure,
  TicTacToeFigure,
} from './figures';
export { GRID_BACKGROUNDS, SIGN_LENGTH, SIGN_LENGTH_BESIDE, SUDOKU_UNITS } from './figure-problems';
export { clockPicture, handAngles } from './figure-picture';
export { FIGURE_WORDS } from './figure-words';
export { PANEL_SIDE, panelCorner, panelSprites } from './panels';
export { DEFAULT_FIGURE_WEIGHTS, randomFigureScene } from './random-figures';
export type { FigureSceneWeights } from './random-figures';
export { faultyFigure, FIGURE_FAULTS, figureFaultsOf } from './figure-faults';
export type { FigureFault } from './figure-faults';
export { readClock, readGrid, readGridMarks, readMaze, readSign } from './read-figures';
export { readGlyph, readLine, textAgreement } from './read-glyphs';
export { fewPictures, fewScenes } from './few-concepts';
export type { FewConcepts } from './few-concepts';
export * from './edits';
export * from './export';
