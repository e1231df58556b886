/** What series of the machine begin with; they are never evaluations and never decide. */
export const SYSTEM = 'system/'

/** Whether a series is about the machine and not about the training. */
export function isSystem(name: string): boolean {
  return name.startsWith(SYSTEM)
}
