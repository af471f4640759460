/** Resident memory of this process, as the kernel counts it; torch/worker.py reads the same lines. */
import * as fs from 'node:fs';

/** VmRSS (now) or VmHWM (the peak) in bytes; null where there is no /proc. */
export function residentBytes(field: 'VmRSS' | 'VmHWM'): number | null {
  try {
    const line = fs
      .readFileSync('/proc/self/status', 'utf8')
      .split('\n')
      .find((text) => text.startsWith(`${field}:`));
    return line ? Number(line.split(/\s+/)[1]) * 1024 : null;
  } catch {
    return null;
  }
}

/** Starts the peak anew from the present size. Where that is not allowed, a fresh process has a peak of its own. */
export function resetPeak(): void {
  try {
    fs.writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // see above
  }
}
