import type { Listing } from '../../files/listing.ts'
import { findEventFiles } from './eventFolders.ts'
import { hasEvents, readTrainingSpan, type TrainingSpan } from './eventTimes.ts'
import { isOtherProcess, writerLabel } from './writers.ts'
import type { Part } from '../reader/part.ts'

/** Names of event files have whole seconds (ms). */
const ROUNDING = 1000

interface Training {
  files: string[]
  span: TrainingSpan | undefined
}

/**
 * The trainings of event files in one folder, in the order in which they began. Trainings at the same
 * time are separate, if they log the same values. One after another is a training and its later
 * attempts. Files with only evaluations, and those that hold no event or cannot be read, belong to the
 * first training.
 */
function groupEventFiles(listing: Listing, files: readonly string[]): Part[] {
  const groups: Training[] = []
  const read = files.filter((file) => hasEvents(listing.root, file))
  for (const ofOne of byProcess(read)) {
    const span = readTrainingSpan(listing.root, ofOne)
    const group = groups.find((group) => !isSeparate(group.span, span))
    if (group) {
      group.files.push(...ofOne)
      group.span = joined(group.span, span)
    } else groups.push({ files: ofOne, span })
  }
  groups[0]?.files.push(...files.filter((file) => !read.includes(file)))
  return groups.map(({ files }) => ({ label: writerLabel(files[0] ?? ''), files }))
}

/** The trainings whose event files are directly in a run's root; none if there is only one writer. */
export async function findEventParts(listing: Listing): Promise<Part[]> {
  const files = await findEventFiles(listing, '')
  return files.length < 2 ? [] : groupEventFiles(listing, files)
}

/** Files in the order of their times, by the process that wrote them. */
function byProcess(files: readonly string[]): string[][] {
  const groups: string[][] = []
  for (const file of files) {
    const group = groups.find((one) => !isOtherProcess(one.at(-1) ?? '', file))
    if (group) group.push(file)
    else groups.push([file])
  }
  return groups
}

function isSeparate(one: TrainingSpan | undefined, other: TrainingSpan | undefined): boolean {
  if (!one || !other || one.to <= other.from + ROUNDING) return false
  const common = [...other.tags].filter((tag) => one.tags.has(tag)).length
  return 2 * common >= Math.min(one.tags.size, other.tags.size)
}

function joined(
  one: TrainingSpan | undefined,
  other: TrainingSpan | undefined,
): TrainingSpan | undefined {
  if (!one || !other) return one ?? other
  const tags = new Set([...one.tags, ...other.tags])
  return { from: Math.min(one.from, other.from), to: Math.max(one.to, other.to), tags }
}
