/** Orders texts by code unit, so that the machine's language does not change the order. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
