/** The prefix of series of the machine; they are never evaluations and never decide. */
export const SYSTEM = 'system/'

/** Whether a series is about the machine and not about the training. */
export function isSystem(name: string): boolean {
  return name.startsWith(SYSTEM)
}
