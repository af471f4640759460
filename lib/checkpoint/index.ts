// Files that outlive a process: safetensors, Hugging Face folders, configs, run folders and the stage loop.
export { readJson, readJsonObject, reasonOf, writeAtomic, writeJson, type FileOps } from './files';
export {
  loadSafetensors,
  readSafetensors,
  readSafetensorsHeader,
  type SafeDType,
  type SafeFile,
  type SafeTensor,
} from './safetensors';
export { saveSafetensors, type PlainTensor, type SaveOptions } from './safetensors-write';
export {
  ConfigError,
  fraction,
  leafKeys,
  nonNegativeInteger,
  nonNegativeNumber,
  oneOf,
  parseConfig,
  positiveInteger,
  positiveNumber,
  readConfig,
  valueAt,
  type Check,
  type ParseOptions,
} from './config';
export { flagsOf, helpText, parseCli, parseSizedCli, type CliOptions } from './cli';
export { clamp, MODEL_SIZES, modelSize, siCount, SIZE_NOTES, type ModelSize } from './model-sizes';
export { baseChain, findPart, readModelIndex, resolvePart, type ModelIndex } from './folders';
export { fileDigest, isMade, madePart, recordMade, type MadePart } from './made';
export { RunFolder, type LogRecord, type RunOptions } from './run';
export { describeMachine, type BackendNote, type Machine } from './machine';
export { readSessions, type Session } from './sessions';
export { SpikeGuard, type Spike, type SpikeOptions } from './spike';
export { type RunState, type SavedState } from './state';
export { runStage, type StageOptions, type StageResult } from './stage';
export { drawProgress, type StageProgress } from './progress';
export { Interrupt } from './interrupt';
