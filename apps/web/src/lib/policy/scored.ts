/** Why policy `scored` cannot be chosen; empty where it can. */
export function scoredBar(): Promise<string> {
  return Promise.resolve('Only where a backtest over this board’s own runs recommends it.')
}
