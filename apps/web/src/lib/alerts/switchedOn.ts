/** Where this browser stores that somebody switched notifications on. */
export const SWITCH = 'bestmark-desktop-alerts'

/** Whether somebody switched notifications on in this browser. */
export function isSwitchedOn(): boolean {
  return localStorage.getItem(SWITCH) === 'on'
}
