/** What the system answers to a write where a disk or a user's quota is full. */
const NO_ROOM: unknown[] = ['ENOSPC', 'EDQUOT']

/** Whether an error of the file system says that there is no room. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && NO_ROOM.includes(error.code)
}
