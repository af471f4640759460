// `npm test`: types, lint, then every tests/*.test.ts. `npm test -- checkpoint grpo` runs only the files whose names
// hold one of the words, without types and lint.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const words = process.argv.slice(2);
const bad = words.find((word) => word.startsWith('-'));
if (bad) {
  console.error(
    `npm test -- ${bad}: unknown option; give words that test file names hold, as in: npm test -- checkpoint`,
  );
  process.exit(2);
}

const files = fs
  .readdirSync(path.join(root, 'tests'))
  .filter(
    (name) => name.endsWith('.test.ts') && (words.length === 0 || words.some((word) => name.includes(word))),
  )
  .sort()
  .map((name) => path.join('tests', name));
if (files.length === 0) {
  console.error(
    words.length > 0 ? `no test file is called like ${words.join(' or ')}` : 'tests/ holds no *.test.ts',
  );
  process.exit(2);
}

const bin = (name, script) =>
  path.join(path.dirname(require.resolve(`${name}/package.json`, { paths: [root] })), script);
const stages = [
  ['types', [bin('typescript', 'bin/tsc'), '--noEmit', '-p', '.']],
  ['lint', [bin('eslint', 'bin/eslint.js'), 'lib', 'scripts', 'tests']],
  [
    `tests (${files.length} files)`,
    [
      '--require',
      'ts-node/register/transpile-only',
      '--test',
      '--test-concurrency=1',
      '--test-reporter=spec',
      ...files,
    ],
  ],
].slice(words.length > 0 ? 2 : 0);

const summary = [];
for (const [name, args] of stages) {
  console.log(`\n== ${name} ==`);
  const began = Date.now();
  // One process for each stage: a crash in one (a native fault, memory) is its failure, and the others still run.
  const { status, signal, error } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  const how =
    status === 0 ? 'passed' : `FAILED${signal ? ` (${signal})` : error ? ` (${error.message})` : ''}`;
  summary.push({ name, how, ok: status === 0, seconds: (Date.now() - began) / 1000 });
}

console.log('\n== summary ==');
for (const { name, how, seconds } of summary)
  console.log(`${name.padEnd(20)} ${how.padEnd(8)} ${seconds.toFixed(1)} s`);
const failed = summary.filter(({ ok }) => !ok);
console.log(failed.length === 0 ? 'all passed' : `failed: ${failed.map(({ name }) => name).join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
