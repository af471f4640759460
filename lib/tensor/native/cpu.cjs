// The builds of the C++ addon, one for each instruction set, and which of them this CPU can run. Read by
// scripts/build-native.cjs (what to build) and by addon.ts (what to load); plain JavaScript, for install time.
'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');

/** Where the build leaves the addons, below the project's root. */
const FOLDER = ['build', 'Release'];

const AVX2 = ['avx2', 'fma', 'f16c', 'bmi1', 'bmi2'];
const AVX512 = [...AVX2, 'avx512f', 'avx512bw', 'avx512dq', 'avx512vl'];

/**
 * Best first within an architecture. `needs` are /proc/cpuinfo's flag names for what binding.gyp switches on.
 * @type {{ name: string, arch: string, label: string, needs: string[] }[]}
 */
const ISAS = [
  { name: 'avx512bf16', arch: 'x64', label: 'AVX-512 with bf16', needs: [...AVX512, 'avx512_bf16'] },
  { name: 'avx512', arch: 'x64', label: 'AVX-512', needs: AVX512 },
  { name: 'avx2', arch: 'x64', label: 'AVX2', needs: AVX2 },
  { name: 'generic', arch: 'x64', label: 'generic x86-64 (SSE4.2)', needs: ['sse4_2'] },
  { name: 'neon', arch: 'arm64', label: 'NEON', needs: [] },
  { name: 'generic', arch: 'other', label: 'generic', needs: [] },
];

/** Every build there is for this architecture, best first. */
function isasOfArch() {
  const arch = ['x64', 'arm64'].includes(process.arch) ? process.arch : 'other';
  return ISAS.filter((isa) => isa.arch === arch);
}

function featureText() {
  try {
    if (process.platform === 'linux') {
      const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(fs.readFileSync('/proc/cpuinfo', 'utf8'));
      return flags === null ? '' : flags[1];
    }
    if (process.platform === 'darwin') {
      const names = ['machdep.cpu.features', 'machdep.cpu.leaf7_features'];
      const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 5000 };
      return execFileSync('sysctl', ['-n', ...names], options).replaceAll('.', '_');
    }
  } catch {
    // unknown: the build that needs the least is the one to take
  }
  return '';
}

/** The CPU's features under /proc/cpuinfo's names; empty where the system does not tell. */
function cpuFeatures() {
  return new Set(featureText().toLowerCase().split(/\s+/).filter(Boolean));
}

/** What this CPU lacks for a build; where the features are unknown, only the last build lacks nothing. */
function missingFor(isa, features = cpuFeatures()) {
  if (features.size === 0) return isa === isasOfArch().at(-1) ? [] : isa.needs;
  return isa.needs.filter((feature) => !features.has(feature));
}

/** The builds that this CPU can run, best first. */
function supportedIsas() {
  const features = cpuFeatures();
  return isasOfArch().filter((isa) => missingFor(isa, features).length === 0);
}

/** The file name of a build's addon. */
const addonFile = (isa) => `t2g_native_${isa.name}.node`;

module.exports = { FOLDER, addonFile, cpuFeatures, isasOfArch, missingFor, supportedIsas };
