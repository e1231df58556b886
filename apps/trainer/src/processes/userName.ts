import { userInfo } from 'node:os'

/** The name of the user of this process. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    // In a container the user may have no name.
    return process.env['USER'] || 'an unnamed user'
  }
}
