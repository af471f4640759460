/** Draws icons in child processes, because the rasteriser aborts on a few: the parent notes the icon and goes on. */
import { type ChildProcess, fork } from 'node:child_process';
import { levelsOf } from '../../lib/world/atlas';
import { type ExtraArtist, iconSvg, rasterise } from '../../lib/world/icons';
import type { AnyArtist } from '../../lib/world/types';

export interface IconJob {
  artist: AnyArtist | ExtraArtist;
  /** Concept code point. */
  id: string;
}
export interface IconReply {
  index: number;
  /** Premultiplied RGBA in base64, one for each of SPRITE_SIZES. */
  levels?: string[];
  error?: string;
}

/** Child: draws the jobs in order, one message each. */
function drawJobs(): void {
  process.on('message', (jobs: { index: number; job: IconJob }[]) => {
    let unsent = jobs.length;
    for (const { index, job } of jobs) {
      const reply: IconReply = { index };
      try {
        const svg = iconSvg(job.artist, job.id);
        if (!svg) throw new Error('no such icon');
        reply.levels = levelsOf(rasterise(svg)).map((level) => Buffer.from(level).toString('base64'));
      } catch (error) {
        reply.error = (error as Error).message;
      }
      process.send?.(reply, undefined, undefined, () => {
        if (--unsent === 0) process.disconnect();
      });
    }
  });
}

/** Parent: runs children until every job has an answer; a job that kills its child counts as failed. */
export async function drawIcons(jobs: readonly IconJob[]): Promise<IconReply[]> {
  const replies: IconReply[] = [];
  while (replies.length < jobs.length) {
    const child: ChildProcess = fork(__filename, ['--child'], { execArgv: process.execArgv });
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    // On a busy machine the last answers arrive after the exit, and before the channel is closed.
    const closed = new Promise<void>((resolve) => child.on('disconnect', resolve));
    child.on('message', (reply: IconReply) => replies.push(reply));
    const from = replies.length;
    child.send(jobs.map((job, index) => ({ index, job })).slice(from));
    const code = await ended;
    await closed;
    if (replies.length < jobs.length)
      replies.push({ index: replies.length, error: `the rasteriser ended with ${code}` });
  }
  return replies;
}

if (require.main === module && process.argv.includes('--child')) drawJobs();
