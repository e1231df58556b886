/** The pages that every page links to, in order. */
export const PAGES = [
  { path: '/', name: 'Jobs' },
  { path: '/models', name: 'Models' },
  { path: '/backtest', name: 'Backtest' },
  { path: '/alerts', name: 'Alerts' },
] as const
