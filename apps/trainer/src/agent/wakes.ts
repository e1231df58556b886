import { type Database, type HostNews, listenToHost } from '@bestmark/db'
import type { ErrorListener } from '../cli/errorReporter.ts'
import { pause } from '../pause.ts'
import { Bell } from './bell.ts'
import type { Pace } from './options.ts'

/** How often some work is done (ms), and what begins it earlier. */
interface Rhythm {
  every: number
  bell?: Bell
}

/** What wakes the work of an agent: time, and the news of its host. */
export class Wakes {
  readonly bells = {
    ...{ job: new Bell(), order: new Bell(), prompt: new Bell() },
    ...{ files: new Bell(), run: new Bell() },
  }
  readonly #pace: Pace
  readonly #troubles: ErrorListener
  readonly #signal: AbortSignal

  constructor(pace: Pace, troubles: ErrorListener, signal: AbortSignal) {
    this.#pace = pace
    this.#troubles = troubles
    this.#signal = signal
  }

  /** Repeats some work after a pause, which a bell may end. */
  async keepDoing(work: () => Promise<void>, { every, bell = new Bell() }: Rhythm): Promise<void> {
    while (!this.#signal.aborted) {
      const began = performance.now()
      await work().catch(this.#troubles.report)
      if (!(await bell.wait(every, this.#signal))) continue
      const left = this.#pace.round - (performance.now() - began)
      if (left > 0) await pause(left, this.#signal)
    }
  }

  /** Rings for what changes for a host. Each new beginning asks for everything. */
  async listen(
    db: Database,
    host_id: string,
    onNews: (news: HostNews | undefined) => void,
  ): Promise<void> {
    const all = Object.values(this.bells)
    const heard = (news: HostNews | undefined): void => {
      onNews(news)
      for (const bell of news ? [this.bells[news.kind]] : all) bell.ring()
    }
    while (!this.#signal.aborted) {
      try {
        return await listenToHost(db, host_id, heard)
      } catch (error) {
        this.#troubles.report(error)
      }
      await pause(this.#pace.backstop, this.#signal)
    }
  }
}
