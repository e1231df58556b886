/** Where this browser stores that somebody asked for notifications. */
export const ASKED = 'bestmark-desktop-alerts'

/** Whether somebody asked for notifications in this browser. */
export function isAsked(): boolean {
  return localStorage.getItem(ASKED) === 'on'
}
