/**
 * Whether a list of hosts as Slurm writes it, such as `gpu[01-03,7],login`, has a host. Slurm keeps the
 * zeros before a number, so `gpu1` is not `gpu01`.
 */
export function hasHost(list: string, host: string): boolean {
  return entriesOf(list).some((entry) => isHostOf(entry, host))
}

/** The parts of a list between commas that are in no brackets. */
function entriesOf(list: string): string[] {
  return list.split(/,(?![^[]*\])/).map((entry) => entry.trim())
}

function isHostOf(entry: string, host: string): boolean {
  // Every second part is what brackets contain.
  const parts = entry.split(/\[([^\]]*)\]/)
  const pattern = parts.map((part, index) => (index % 2 === 0 ? escaped(part) : '(\\d+)')).join('')
  const found = new RegExp(`^${pattern}$`).exec(host)
  if (!found) return false
  const ranges = parts.filter((_part, index) => index % 2 === 1)
  return ranges.every((range, index) => isInRanges(range, found[index + 1] ?? ''))
}

/** Whether a number is in ranges such as `01-03,7`. */
function isInRanges(ranges: string, digits: string): boolean {
  return ranges.split(',').some((range) => {
    const [first = '', last = first] = range.split('-')
    const isWritten = String(Number(digits)).padStart(first.length, '0') === digits
    return isWritten && Number(first) <= Number(digits) && Number(digits) <= Number(last)
  })
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
