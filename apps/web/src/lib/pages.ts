/** The pages that the top of every page links to, in order. */
export const PAGES = [
  { path: '/', name: 'Jobs' },
  { path: '/models', name: 'Models' },
  { path: '/recipes', name: 'Recipes' },
  { path: '/backtest', name: 'Backtest' },
  { path: '/alerts', name: 'Alerts' },
] as const

/** The pages that the search finds. */
export const FOUND_PAGES = [
  ...PAGES,
  { path: '/access', name: 'Access', needs: 'access.audit' },
] as const
