/** Output of a notebook cell through the running tslab kernel; outside a kernel nothing is shown. */

type DisplayData = {
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
  transient: { display_id?: string };
};
interface TslabJupyter {
  lastWriteDisplayData?: (display: DisplayData, update: boolean) => void;
}

/** The kernel's display channel, or null in a script or a test. */
function displayChannel(): TslabJupyter['lastWriteDisplayData'] | null {
  try {
    // Loaded lazily: scripts and tests must not pay for (or depend on) the kernel.
    return (require('tslab/dist/jupyter') as TslabJupyter).lastWriteDisplayData ?? null;
  } catch {
    return null;
  }
}

/** True inside a notebook cell. */
export function inNotebook(): boolean {
  return displayChannel() !== null;
}

/** How one output is shown again in place: give the same `id` and `update: true`. */
export interface ShowOptions {
  metadata?: Record<string, unknown>;
  id?: string;
  update?: boolean;
}

/** Shows one output given in several MIME types; Jupyter picks the richest it can draw. */
export function showBundle(data: Record<string, unknown>, options: ShowOptions = {}): void {
  const { metadata = {}, id, update = false } = options;
  displayChannel()?.({ data, metadata, transient: { display_id: id } }, update);
}

/** Shows PNG bytes. `width` is the width on the page in CSS pixels. */
export function showPng(bytes: Buffer, options: { alt?: string; width?: number } & ShowOptions = {}): void {
  const { alt = 'image', width, ...rest } = options;
  const metadata = width ? { 'image/png': { width } } : {};
  showBundle({ 'image/png': bytes.toString('base64'), 'text/plain': alt }, { metadata, ...rest });
}

/** Shows trusted HTML with a plain-text twin (printed instead when not in a notebook). */
export function showHtml(html: string, text: string, options: ShowOptions = {}): void {
  if (!inNotebook()) process.stdout.write(text.endsWith('\n') ? text : text + '\n');
  else showBundle({ 'text/html': html, 'text/plain': text }, options);
}

/** Escapes text for HTML: thoughts and prompts are data, never markup. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (c) => entities[c]);
}
