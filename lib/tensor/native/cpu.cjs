// The instruction sets of this CPU, as recorded when the addon is built and compared when it is loaded.
'use strict';

const fs = require('node:fs');
const os = require('node:os');

/** Sorted feature names (Linux: from /proc/cpuinfo), or [model name] where the system does not list them. */
function cpuFeatures() {
  try {
    const info = fs.readFileSync('/proc/cpuinfo', 'utf8');
    const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(info);
    if (flags !== null) {
      const usable =
        /^(avx|amx|s?sse|fma|f16c|bmi|abm|adx|gfni|vaes|vpcl|sha|movbe|popcnt|asimd|sve|neon|fp|crc)/;
      return flags[1]
        .split(/\s+/)
        .filter((flag) => usable.test(flag))
        .sort();
    }
  } catch {
    // not Linux
  }
  return [os.cpus()[0]?.model ?? os.arch()];
}

module.exports = { cpuFeatures };
