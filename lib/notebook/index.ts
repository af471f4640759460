// For people: output of notebook cells, picture grids, films, plotly figures, tables, token strips, rollout trees.
export * from './display';
export * from './progress';
export * from './needs';
export * from './image';
export * from './cards';
export * from './film';
export * from './figure';
export * from './live';
export * from './live-training';
export * from './small-multiples';
export * from './strips';
export * from './intervals';
export { listRuns, runStory, storyFacts, summariseRun, type RunStory, type RunSummary } from './run-story';
export { compareRuns, type RunComparison } from './compare-runs';
export * from './projection';
export * from './table';
export * from './tokens';
export * from './rollout-tree';
