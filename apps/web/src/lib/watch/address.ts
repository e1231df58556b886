import { wire } from '@bestmark/core'
import type { RouterInputs } from '@bestmark/api'
import type { Reader } from './reader.ts'

/** The longest part of an address for the readers of one stream, in characters. */
const LONGEST = 60_000

/** The address of a stream for some readers. */
export function addressOf(readers: readonly Reader[]): string {
  const input = wire.input.serialize({ readers: readers.map(requestOf) })
  return `/trpc/watchMany?input=${encodeURIComponent(JSON.stringify(input))}`
}

function requestOf({ key, watch, after }: Reader): RouterInputs['watchMany']['readers'][0] {
  return { key, watch: { ...watch, lastEventId: after } }
}

/** The readers in their order, in as few groups as fit into an address each. */
export function fittingGroups(readers: readonly Reader[]): Reader[][] {
  const groups: { readers: Reader[]; length: number }[] = []
  for (const reader of readers) {
    const length = encodeURIComponent(wire.input.serialize(requestOf(reader))).length
    const last = groups.at(-1)
    if (last && last.length + length <= LONGEST) {
      last.readers.push(reader)
      last.length += length
    } else {
      groups.push({ readers: [reader], length })
    }
  }
  return groups.map((group) => group.readers)
}
