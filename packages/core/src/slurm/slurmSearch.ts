/** Where a job must have trained in Slurm. Every fact that is there must hold. */
export interface SlurmSearch {
  partition?: string
  /** One host. */
  node?: string
  /** The number of an array. */
  array?: string
}

/** What a search asks for: a text, and facts of Slurm. */
export interface JobSearch {
  text: string
  slurm: SlurmSearch
}

const FACT = /^(partition|node|array):(\S+)$/

/** Takes the words `partition:NAME`, `node:NAME` and `array:NUMBER` out of a search. */
export function readJobSearch(search: string): JobSearch {
  const slurm: SlurmSearch = {}
  const words = search.trim().split(/\s+/)
  const others = words.filter((word) => {
    const [, name, value] = FACT.exec(word) ?? []
    if (name) Object.assign(slurm, { [name]: value })
    return !name
  })
  // A search without facts keeps its spaces.
  return { text: others.length === words.length ? search.trim() : others.join(' '), slurm }
}
