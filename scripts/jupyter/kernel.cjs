'use strict';
/**
 * Starts the TypeScript kernel (tslab 1.0.22) from the project root and repairs its gaps:
 * lib/ is loaded through ts-node and reloaded when edited, cells are checked in strict mode, errors reach
 * Jupyter as `error` messages, displays can be updated in place, bursts of text are gathered, Stop is
 * cooperative, and the kernel ends when Jupyter dies.
 */
const path = require('node:path');
const fs = require('node:fs');
const root = path.resolve(__dirname, '..', '..');
process.chdir(root);

// lib/*.ts is compiled without type checks here: tslab checks the cell, `npm run typecheck` checks lib.
require('ts-node').register({ transpileOnly: true, project: path.join(root, 'tsconfig.json') });

// --- type checks: only the cell itself, strictly ----------------------------------------------------
const typescriptPath = require.resolve('@tslab/typescript-for-tslab', { paths: [require.resolve('tslab')] });
const typescript = require(typescriptPath);
require.cache[typescriptPath].exports = Object.assign({}, typescript, {
  createWatchCompilerHost: (files, options, ...rest) =>
    typescript.createWatchCompilerHost(
      files,
      { ...options, strict: true, noImplicitUseStrict: undefined },
      ...rest,
    ),
  getPreEmitDiagnosticsOfFiles: (program, files) =>
    typescript.getPreEmitDiagnosticsOfFiles(program, files.slice(0, 1)),
});

const { createConverter } = require('tslab/dist/converter');
const { createExecutor } = require('tslab/dist/executor');
const { ZmqServer, JupyterHandlerImpl } = require('tslab/dist/jupyter');

const converter = createConverter({ isJS: false, isBrowser: false });
const convert = converter.convert;
converter.convert = (previous, source) => {
  const result = convert(previous, source);
  delete result.sideOutputs; // tslab's own compiled copies of lib: Node and ts-node load it, one copy only
  return result;
};
const converters = { node: converter, get browser() { return this.node; }, close() { this.node.close(); } }; // prettier-ignore

// --- errors as Jupyter shows them -------------------------------------------------------------------
let failure = null; // what the current cell failed with: {ename, evalue, traceback}
const NOISE = /[\\/]node_modules[\\/]tslab[\\/]|node:vm|node:internal|sigintHandlersWrap/;
const cleanStack = (stack) =>
  String(stack)
    .split('\n')
    .filter((line) => !NOISE.test(line))
    .join('\n')
    .replace(/evalmachine\.<anonymous>/g, 'cell');

function reportError(...args) {
  if (args.length === 1) {
    const error = args[0];
    const isError =
      error instanceof Error || (error && typeof error === 'object' && typeof error.stack === 'string');
    const evalue = isError ? error.message : String(error);
    failure = {
      ename: isError ? error.name : 'Error',
      evalue,
      traceback: [isError ? cleanStack(error.stack) : evalue],
    };
    return;
  }
  const [, file, line, column, message] = args; // a diagnostic of the type checker
  const text = `${file || 'cell '}${line}:${column} - ${message}`;
  if (failure && failure.ename === 'TypeScriptError') failure.traceback.push(text);
  else failure = { ename: 'TypeScriptError', evalue: text, traceback: [text] };
}
const executor = createExecutor(root, converters, {
  log: (...args) => console.log(...args),
  error: reportError,
});

// --- edited lib modules are reloaded on the next run: when any changed on disk, all are dropped --------
const libFolder = path.join(root, 'lib') + path.sep;
const modifiedAt = new Map();
const loadedLibFiles = () =>
  Object.keys(require.cache).filter((file) => file.startsWith(libFolder) && file.endsWith('.ts'));
const modificationTime = (file) => {
  try {
    return fs.statSync(file).mtimeMs;
  } catch {
    return 0; // removed meanwhile
  }
};
function dropEditedLib() {
  const files = loadedLibFiles();
  const edited = files.some(
    (file) => modifiedAt.has(file) && modifiedAt.get(file) !== modificationTime(file),
  );
  if (!edited) return;
  for (const file of files) {
    delete require.cache[file];
    modifiedAt.delete(file);
  }
}
function rememberLoadedLib() {
  for (const file of loadedLibFiles())
    if (!modifiedAt.has(file)) modifiedAt.set(file, modificationTime(file));
}

class Handler extends JupyterHandlerImpl {
  /** Gathers text: a burst of tiny messages would overrun the socket's queue and lose even the 'idle' message. */
  createWriteToIopub(name, writeStream) {
    const send = super.createWriteToIopub(name, writeStream);
    let [buffer, lastSent, timer] = ['', 0, null];
    const flush = () => {
      clearTimeout(timer);
      timer = null;
      if (!buffer) return;
      const text = buffer;
      buffer = '';
      lastSent = Date.now();
      send(text);
    };
    (this.flushers ??= []).push(flush);
    return (chunk, encoding, callback) => {
      buffer += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
      if (buffer.length > 8192 || Date.now() - lastSent > 50) flush();
      else timer ??= setTimeout(flush, 50);
      const done = typeof encoding === 'function' ? encoding : callback;
      if (typeof done === 'function') done();
      return true;
    };
  }

  flushAll() {
    for (const flush of this.flushers ?? []) flush();
  }

  async handleExecuteImpl(request, writeStream, writeDisplayData) {
    this.flushAll();
    this.flushers = [];
    request.publish('execute_input', { code: request.code, execution_count: this.execCount + 1 });
    failure = null;
    dropEditedLib();
    const display = (data, update) => {
      this.flushAll(); // keeps text and pictures in order
      writeDisplayData(data, update);
    };
    try {
      return await super.handleExecuteImpl(request, writeStream, display);
    } catch (count) {
      if (failure) {
        request.failure = failure;
        this.flushAll();
        request.publish('error', failure);
      }
      throw count;
    } finally {
      this.flushAll();
      rememberLoadedLib();
    }
  }
}

class Server extends ZmqServer {
  set iopub(socket) {
    socket.sendHighWaterMark = 0; // no limit: messages are never dropped
    this.publisher = socket;
  }
  get iopub() {
    return this.publisher;
  }

  async handleExecute(socket, message) {
    message.content.publish = (type, content) => {
      const reply = message.createReply();
      reply.header.msg_type = type;
      reply.content = content;
      reply.signAndSend(this.connInfo.key, this.iopub);
    };
    const createReply = message.createReply.bind(message);
    message.createReply = () => {
      const reply = createReply();
      const send = reply.signAndSend.bind(reply);
      reply.signAndSend = (key, target) => {
        if (reply.header.msg_type === 'execute_reply') {
          if (reply.content.status === 'abort') reply.content.status = 'aborted';
          if (reply.content.status === 'error')
            Object.assign(
              reply.content,
              message.content.failure || { ename: 'Error', evalue: '', traceback: [] },
            );
        }
        return send(key, target);
      };
      return reply;
    };
    return super.handleExecute(socket, message);
  }
}

function serve(connectionFile) {
  const server = new Server(new Handler(executor, false), connectionFile);
  // The first Stop is cooperative when a training loop listens (lib/notebook/progress.ts, onInterrupt).
  process.on('SIGINT', () => {
    if (!process.emit('notebook-interrupt')) executor.interrupt();
  });
  process.on('uncaughtException', (error) => console.error('UncaughtException:', error));
  process.on('unhandledRejection', (error) => console.error('UnhandledPromiseRejection:', error));
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && process.exit(0), 2000).unref(); // tslab outlives a killed Jupyter
  server.init();
}

module.exports = { Handler, executor, converters, root };
if (require.main === module) serve(process.argv[2]);
