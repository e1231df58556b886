/** What series of the machine begin with; they are never evaluations and never decide. */
export const SYSTEM = 'system/'

/** Whether a series says how the machine is used, and not how the training goes. */
export function isSystem(name: string): boolean {
  return name.startsWith(SYSTEM)
}
