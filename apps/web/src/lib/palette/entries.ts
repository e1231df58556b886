/** One line of the palette. */
export interface Entry {
  key: string
  name: string
  /** Shown beside the name: the kind of an action, or the project of a job. */
  detail: string
  /** What to do: open an address, save a file, or press a control of the page. */
  action: { path: string } | { file: string } | { control: HTMLElement }
}

/** The most lines of one kind. */
const MOST = 8

/**
 * The entries that have every word of the text, in any order and case. Those whose name begins with
 * the text come first; otherwise the order stays.
 */
export function matching(entries: readonly Entry[], text: string): Entry[] {
  const wanted = text.trim().toLowerCase()
  const words = wanted.split(/\s+/)
  const found = entries.filter(({ name, detail }) => {
    const line = `${name} ${detail}`.toLowerCase()
    return words.every((word) => line.includes(word))
  })
  const begins = ({ name }: Entry): boolean => name.toLowerCase().startsWith(wanted)
  return [...found.filter(begins), ...found.filter((one) => !begins(one))].slice(0, MOST)
}

/** The index of the next line up or down; after the last line comes the first one. */
export function moved(at: number, by: number, count: number): number {
  return count === 0 ? 0 : (at + by + count) % count
}
