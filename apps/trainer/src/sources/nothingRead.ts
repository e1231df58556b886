import { Listing } from '../files/listing.ts'
import { evaluationText } from './huggingface/results.ts'
import { mayBeLog } from './logs/logFile.ts'
import { SUPPORTED_FILES } from './sources.ts'
import { otherLogText } from './otherLog.ts'
import { aimText } from './trackers/aim.ts'
import { wandbText } from './trackers/wandbText.ts'
import { listWeights } from './weights/finder.ts'

/** At most this many names are listed. */
const NAMED = 3

/** What lies in a folder in which no run was recognised, and what to do. */
export async function nothingReadText(root: string): Promise<string> {
  const listing = new Listing(root)
  const known = aimText(root) ?? (await evaluationText(root)) ?? (await wandbText(listing))
  if (known !== undefined) return known
  const weights = (await listWeights(listing)).map(({ path }) => path)
  const logs = listing.names().filter(mayBeLog)
  if (weights.length === 0 && logs.length === 0)
    return `Supported files: ${SUPPORTED_FILES.join(', ')}.`
  return [
    weights.length > 0 ? `It has weights (${someOf(weights)}).` : '',
    logs.length > 0
      ? `No reader recognised a line with a step or an epoch and a value in ${someOf(logs)}.`
      : 'No file in it has the name of a log.',
    weights.length > 0 ? otherLogText(root) : `Supported files: ${SUPPORTED_FILES.join(', ')}.`,
  ]
    .filter(Boolean)
    .join(' ')
}

function someOf(names: readonly string[]): string {
  const more = names.length - NAMED
  const shown = names.slice(0, more > 0 ? NAMED : undefined).join(', ')
  return more > 0 ? `${shown} and ${more} more` : shown
}
