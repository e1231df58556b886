import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../failure.ts'
import { isAtOrBelow, isBelow } from '../../files/below.ts'
import { statIfSeen } from '../../files/runFile.ts'
import type { Claim } from './programClaim.ts'

/** Whose files lie in a folder: this program's, another program's, or unknown. */
export type Owner = 'this' | 'another' | 'unknown'

/** Who wrote to a folder, and until when (ms). */
interface Written {
  folder: string
  at: number
  /** A process of this program has a file there open for writing. */
  isOpen?: boolean
}

/** File times may differ from the clock by this (ms). */
const CLOCK = 50

/**
 * Decides which of several programs wrote to a folder. The program whose arguments or runs name the
 * folder owns it, and the deepest such name counts. Without a name the folder may belong to any
 * program that searched there at that time and has no folder of its own yet.
 */
export function ownerOf(
  { folder, at, isOpen = false }: Written,
  named: readonly string[],
  others: readonly Claim[],
): Owner {
  const theirs = Math.max(0, ...others.map((other) => depth(folder, namesOf(other))))
  const recorded = Math.max(0, ...others.map(({ roots }) => depth(folder, roots)))
  const ours = depth(folder, named)
  if (recorded > 0 && recorded >= ours) return 'another'
  if (isOpen || ours > theirs) return 'this'
  if (theirs > ours) return 'another'
  return others.some((other) => mayHaveWritten(other, { folder, at })) ? 'unknown' : 'this'
}

/** Whether a folder is above folders of other programs, and therefore no run of one program. */
export function isAboveOthers(folder: string, others: readonly Claim[]): boolean {
  return others.some((other) => usedFolders(other).some((path) => isBelow(path, folder)))
}

/** The length of the deepest of some folders that holds a path; 0 if none does. */
function depth(path: string, folders: readonly string[]): number {
  return Math.max(0, ...folders.filter((one) => isAtOrBelow(path, one)).map(({ length }) => length))
}

function namesOf({ named, roots }: Claim): string[] {
  return [...named, ...roots]
}

/** The folders of a program that exist and were written since its start. */
function usedFolders(claim: Claim): string[] {
  const isNew = (path: string): boolean => {
    return (statIfSeen(path)?.mtimeMs ?? 0) >= claim.began_at - CLOCK
  }
  const isUsed = (path: string): boolean => {
    return isNew(path) || namesIn(path).some((name) => isNew(join(path, name)))
  }
  return [...claim.roots, ...claim.named.filter(isUsed)]
}

/** The names in a folder; none if it does not exist or cannot be read. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return []
  }
}

function mayHaveWritten(other: Claim, { folder, at }: Written): boolean {
  const isOver = other.ended_at !== null && at > other.ended_at + CLOCK
  const isSearched = other.areas.some((area) => isAtOrBelow(folder, area))
  return !isOver && isSearched && usedFolders(other).length === 0
}
