'use strict';
/** `npm run lab`: JupyterLab with the TypeScript kernel at notebooks/, on the loopback interface only. */
const { setUp, run, jupyter } = require('./jupyter/environment.cjs');

if (process.argv.includes('--help')) {
  console.log(
    'npm run lab [-- <JupyterLab options>]   opens notebooks/ in JupyterLab with the TypeScript kernel',
  );
  process.exit(0);
}
if (!setUp()) process.exit(1);
const asRoot = process.getuid && process.getuid() === 0 ? ['--allow-root'] : [];
const args = [
  'lab',
  '--ServerApp.ip=127.0.0.1',
  '--ServerApp.root_dir=notebooks',
  ...asRoot,
  ...process.argv.slice(2),
];
process.exit(run(jupyter, args));
