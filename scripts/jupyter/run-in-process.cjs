'use strict';
/** Runs notebooks with the kernel's own code in this process, without Python or Jupyter, and writes the outputs back. */
const fs = require('node:fs');
const path = require('node:path');
const { Handler, executor, converters } = require('./kernel.cjs');

const say = process.stderr.write.bind(process.stderr); // cells capture console; progress goes around it

/** Executes one code cell, filling its outputs; returns the kernel's reply. */
function runCell(handler, cell) {
  const shown = new Map(); // display id -> output, for updates in place
  const request = {
    code: [].concat(cell.source).join(''),
    publish: (type, content) => type === 'error' && cell.outputs.push({ output_type: 'error', ...content }),
  };
  const onText = (name, text) => {
    const last = cell.outputs.at(-1);
    if (last && last.output_type === 'stream' && last.name === name) last.text += text;
    else cell.outputs.push({ output_type: 'stream', name, text });
  };
  const onDisplay = (display, update) => {
    const id = display.transient && display.transient.display_id;
    const output = { data: JSON.parse(JSON.stringify(display.data)), metadata: display.metadata || {} };
    if (update && shown.has(id)) return void Object.assign(shown.get(id), output);
    const fresh = { output_type: 'display_data', ...output };
    cell.outputs.push(fresh);
    if (id) shown.set(id, fresh);
  };
  return handler.handleExecute(request, onText, onDisplay);
}

async function main(files) {
  const handler = new Handler(executor, false);
  for (const file of files) {
    const notebook = JSON.parse(fs.readFileSync(file, 'utf8'));
    executor.reset();
    handler.execCount = 0;
    for (const cell of notebook.cells.filter((c) => c.cell_type === 'code')) {
      cell.outputs = [];
      const started = Date.now();
      const reply = await runCell(handler, cell);
      cell.execution_count = reply.execution_count ?? null;
      say(`${path.basename(file)} [${reply.execution_count}] ${reply.status} ${Date.now() - started} ms\n`);
      if (reply.status === 'ok') continue;
      const error = cell.outputs.find((output) => output.output_type === 'error');
      say((error ? error.traceback.join('\n') : 'the cell failed') + '\n');
      converters.close();
      process.exit(1);
    }
    fs.writeFileSync(file, JSON.stringify(notebook, null, 1) + '\n');
  }
  converters.close();
  process.exit(0);
}
main(process.argv.slice(2).map((file) => path.resolve(file))).catch((error) => {
  say(String(error.stack) + '\n');
  process.exit(1);
});
