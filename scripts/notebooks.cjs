'use strict';
/**
 * `npm run notebooks`: executes every notebook through the real TypeScript kernel in Jupyter and writes the
 * outputs back; --check executes without writing; --no-python runs the kernel's code in this process instead.
 */
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const HELP = `npm run notebooks [-- options] [notebooks/x.ipynb ...]
  --check       execute on copies, leave the files as they are (used by CI)
  --smoke       T2G_SMOKE=1: the smallest sizes
  --no-python   run the kernel's code in this process, without Jupyter
  --help        this text`;

function parseArguments(argv) {
  const options = { check: false, smoke: false, python: true, files: [] };
  for (const arg of argv) {
    if (arg === '--help') { console.log(HELP); process.exit(0); } // prettier-ignore
    else if (arg === '--check') options.check = true;
    else if (arg === '--smoke') options.smoke = true;
    else if (arg === '--no-python') options.python = false;
    else if (arg.startsWith('--')) { console.error(`unknown option ${arg}\n${HELP}`); process.exit(2); } // prettier-ignore
    else options.files.push(path.resolve(arg));
  }
  return options;
}

/** Execution counts and timings change with every run: cleared, so that diffs show what matters. */
function tidy(file) {
  const notebook = JSON.parse(fs.readFileSync(file, 'utf8'));
  for (const cell of notebook.cells) {
    if (cell.cell_type !== 'code') continue;
    cell.execution_count = null;
    cell.metadata = {};
    for (const output of cell.outputs) if ('execution_count' in output) output.execution_count = null;
  }
  notebook.metadata = {
    kernelspec: { display_name: 'TypeScript (tslab)', language: 'typescript', name: 'tslab' },
    language_info: { file_extension: '.ts', mimetype: 'text/typescript', name: 'typescript' },
  };
  fs.writeFileSync(file, JSON.stringify(notebook, null, 1) + '\n');
}

function main() {
  const options = parseArguments(process.argv.slice(2));
  const root = path.resolve(__dirname, '..');
  if (options.smoke) process.env.T2G_SMOKE = '1';
  const folder = path.join(root, 'notebooks');
  let files = options.files;
  if (files.length === 0) {
    const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
    files = names.filter((name) => name.endsWith('.ipynb')).sort().map((name) => path.join(folder, name)); // prettier-ignore
  }
  const scratch = options.check ? fs.mkdtempSync(path.join(os.tmpdir(), 'notebooks-')) : null;
  const targets = files.map((file) => {
    if (!scratch) return file;
    const copy = path.join(scratch, path.basename(file));
    fs.copyFileSync(file, copy);
    return copy;
  });
  let failed = 0;
  const environment = options.python ? require('./jupyter/environment.cjs') : null;
  if (environment && !environment.setUp()) process.exit(1);
  for (const target of targets) {
    const started = Date.now();
    const status = environment
      ? environment.run(environment.jupyter, ['nbconvert', '--log-level=WARN', '--to', 'notebook', '--execute', '--inplace',
          '--ExecutePreprocessor.kernel_name=tslab', '--ExecutePreprocessor.timeout=1200', target]) // prettier-ignore
      : spawnSync(process.execPath, [path.join(__dirname, 'jupyter/run-in-process.cjs'), target], {
          stdio: 'inherit',
        }).status;
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${path.basename(target)}  ${seconds} s`);
    if (status !== 0) failed++;
    else if (!options.check) tidy(target);
  }
  if (scratch) fs.rmSync(scratch, { recursive: true });
  console.log(`notebooks: ${targets.length - failed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}
main();
