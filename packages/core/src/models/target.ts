import type { TargetConditions } from './targetConditions.ts'

/**
 * What a target does with the files: keeps them, hands them to a program, sends a message, uploads them, answers
 * prompts. */
export type TargetKind = 'folder' | 'command' | 'http' | 's3' | 'playground'

/** The target that every host has, also without a configuration: the folder `models`. */
export const DEFAULT_TARGET = 'folder'

/** A target as its host publishes it. It has no secrets. */
export interface Target {
  name: string
  kind: TargetKind
  /** Where the files go, as people read it: a folder, a program, a host. */
  place: string
  /** What must hold before a checkpoint is shipped there; null if nothing must. */
  conditions: TargetConditions | null
}
