/** The system's error codes for a full disk or a full quota. */
const NO_ROOM: unknown[] = ['ENOSPC', 'EDQUOT']

/** Whether a file system error means that the disk is full. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && NO_ROOM.includes(error.code)
}
