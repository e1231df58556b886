import { api, type NamedSeries, type SeriesDelta } from '../api.ts'
import { GrowingSeries } from '../watch/growingSeries.ts'
import type { FollowedSeries, LiveJob } from '../watch/liveJob.svelte.ts'
import { Reread } from '../watch/reread.svelte.ts'
import { Followed, NO_SERIES, type SeriesByName, withSeries } from './seriesByName.ts'

/** About as many points as a small chart has pixel columns. */
const POINTS = 500
/** The most series per request, and the most that are followed live. */
const MOST = 40
/** How long (ms) scrolling must pause before series are read. */
const REST = 60
/** How many charts get their close-up in one frame, so that a zoom does not stop for it. */
const PER_FRAME = 6
/** The most series out of view that are kept, so that scrolling back shows them at once. */
const KEPT = 200

/**
 * The series of the grid. They are read when their charts come into view, a screenful per request,
 * and followed while in view. Out of view they are kept for a while, and read again when needed.
 */
export class MetricSeries implements FollowedSeries {
  /** The read series, by name. */
  whole = $state.raw(NO_SERIES)
  /** The points inside the zoomed window, for series that are thinned in `whole`, by name. */
  close = $state.raw(NO_SERIES)
  #job: LiveJob
  #followed = new Followed()
  /** The steps of the zoomed window. */
  #steps: readonly [number, number] | null = null
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(job: LiveJob) {
    this.#job = job
  }

  /** Why a series could not be read; empty if all are read. */
  get problem(): string {
    return this.#reading.problem || this.#zooming.problem
  }

  /** The series as a chart shows it, unthinned in a zoomed window; undefined until it is read. */
  get(name: string): NamedSeries | undefined {
    return this.close.get(name) ?? this.whole.get(name)
  }

  /** Call it when a chart comes into view, and the function that it returns when the chart leaves. */
  see(name: string): () => void {
    this.#followed.see(name)
    this.#schedule()
    return () => {
      this.#followed.leave(name)
      this.#schedule()
    }
  }

  /** Reads a window of steps unthinned, or returns to the whole with null. */
  look(steps: readonly [number, number] | null): void {
    this.#steps = steps
    this.close = NO_SERIES
    this.#zooming.ask()
  }

  /** All these series, also those out of view, for example to save them in a file. */
  async readAll(names: readonly string[]): Promise<SeriesByName> {
    let all = this.whole
    const missing = names.filter((name) => !all.has(name))
    for (let from = 0; from < missing.length; from += MOST) {
      const read = await this.#read(missing.slice(from, from + MOST))
      all = withSeries(all, read)
    }
    return withSeries(all, [...this.close.values()])
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#reading.stop()
    this.#zooming.stop()
  }

  names = (): string[] => [...this.#followed.growing.keys()]

  ordinal = (name: string): number | undefined => this.#followed.growing.get(name)?.next_ordinal

  take = (deltas: readonly SeriesDelta[]): void => {
    const grown = deltas.flatMap((delta): NamedSeries[] => {
      const growing = this.#followed.growing.get(delta.name)
      growing?.append(delta)
      return growing ? [growing.view] : []
    })
    if (grown.length > 0) this.#keep(grown)
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#reading.ask()
      this.#zooming.ask()
    }, REST)
  }

  #read(names: string[], window: { from_step?: number; to_step?: number } = {}) {
    return api.series.read.query({ job_id: this.#job.id, names, points: POINTS, ...window })
  }

  #keep(series: readonly NamedSeries[]): void {
    const { visible } = this.#followed
    this.whole = withSeries(this.whole, series, KEPT, (name) => visible.has(name))
  }

  #reading = new Reread(async () => {
    const gone = this.names().filter((name) => !this.#followed.visible.has(name))
    for (const name of gone) this.#followed.growing.delete(name)
    const names = [...this.#followed.visible.keys()].filter(
      (name) => !this.#followed.growing.has(name),
    )
    for (let from = 0; from < names.length; from += MOST) {
      const read = await this.#read(names.slice(from, from + MOST))
      this.#keep(read)
      for (const one of read) {
        if (this.#followed.growing.size < MOST)
          this.#followed.growing.set(one.name, new GrowingSeries(one))
      }
    }
    if (gone.length + names.length > 0) this.#job.watch.renew()
    if (names.length > 0) this.#zooming.ask()
  })

  #zooming = new Reread(async () => {
    const steps = this.#steps
    if (!steps) return
    const [from_step, to_step] = steps
    const names = [...this.#followed.visible.keys()].filter((name) => {
      const { count = 0, values } = this.whole.get(name) ?? {}
      return count > (values?.length ?? 0) && !this.close.has(name)
    })
    for (let from = 0; from < names.length; from += MOST) {
      const read = await this.#read(names.slice(from, from + MOST), { from_step, to_step })
      for (let at = 0; at < read.length; at += PER_FRAME) {
        if (this.#steps !== steps) return
        this.close = withSeries(this.close, read.slice(at, at + PER_FRAME))
        await nextFrame()
      }
    }
  })
}

/** A frame, or soon if the page is not visible and has none. */
function nextFrame(): Promise<void> {
  return new Promise((done) => {
    if (document.visibilityState === 'visible') requestAnimationFrame(() => done())
    else setTimeout(done)
  })
}
