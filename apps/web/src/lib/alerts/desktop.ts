import { api, type AlertMessage } from '../api.ts'
import { SWITCH, isSwitchedOn } from './switchedOn.ts'

/** Whether this browser shows notifications; `off` until somebody asks for them here. */
export type DesktopState = 'on' | 'off' | 'denied' | 'unsupported'

/** How often new ones are fetched (ms). */
const AGAIN = 5_000

export function desktopState(): DesktopState {
  if (!('Notification' in window)) return 'unsupported'
  if (Notification.permission === 'denied') return 'denied'
  return isSwitchedOn() && Notification.permission === 'granted' ? 'on' : 'off'
}

/** Asks the person for permission, and shows what comes from now on; returns the new state. */
export async function allowDesktop(): Promise<DesktopState> {
  if ((await Notification.requestPermission()) === 'granted') localStorage.setItem(SWITCH, 'on')
  followDesktop()
  return desktopState()
}

export function stopDesktop(): DesktopState {
  localStorage.removeItem(SWITCH)
  return desktopState()
}

let isFollowing = false

/**
 * Shows each alert that comes from now on, while notifications are on in this browser. Several open
 * pages show it once, since it has one tag. A second call changes nothing.
 */
export function followDesktop(): void {
  if (isFollowing) return
  isFollowing = true
  let last: number | undefined
  const look = async (): Promise<void> => {
    if (desktopState() !== 'on') {
      isFollowing = false
      return
    }
    // A failed look is repeated, and the page shows elsewhere that the board is away.
    const found = await api.alerts.list
      .query({ type: 'desktop', after: last, limit: last === undefined ? 1 : 20 })
      .catch(() => undefined)
    if (found && last !== undefined) for (const message of found.toReversed()) show(message)
    if (found) last = found[0]?.alert_id ?? last ?? 0
    setTimeout(begin, AGAIN)
  }
  const begin = (): void => {
    look().catch(reportError)
  }
  begin()
}

function show({ alert_id, job_id, text }: AlertMessage): void {
  const notification = new Notification('Bestmark', { body: text, tag: `bestmark-${alert_id}` })
  notification.onclick = () => {
    window.focus()
    location.assign(job_id === null ? '/alerts' : `/jobs/${job_id}`)
  }
}
