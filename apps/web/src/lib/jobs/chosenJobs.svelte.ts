/** The jobs of a list that a person has ticked. Jobs that leave the page stay chosen until cleared. */
export class ChosenJobs {
  #ids = $state.raw<readonly string[]>([])
  /** The last ticked job, where a range starts. */
  #from: string | null = null

  get ids(): readonly string[] {
    return this.#ids
  }

  has(job_id: string): boolean {
    return this.#ids.includes(job_id)
  }

  /** Ticks or unticks a job; with a range, also all jobs between it and the last one. */
  set(job_id: string, isChosen: boolean, range?: readonly string[]): void {
    const between = range ? rangeOf(range, this.#from, job_id) : [job_id]
    const others = this.#ids.filter((id) => !between.includes(id))
    this.#ids = isChosen ? [...others, ...between] : others
    this.#from = job_id
  }

  clear(): void {
    this.#ids = []
    this.#from = null
  }
}

function rangeOf(ids: readonly string[], from: string | null, to: string): readonly string[] {
  const [a, b] = [from === null ? -1 : ids.indexOf(from), ids.indexOf(to)]
  if (a === -1 || b === -1) return [to]
  return ids.slice(Math.min(a, b), Math.max(a, b) + 1)
}
