/** The words with which Python begins a traceback, on every kind of terminal. */
export const TRACEBACK = 'Traceback (most recent call last)'
