/** Cuts the middle out of a long name, because its ends say the most. */
export function middleCut(name: string, most: number): string {
  const letters = [...new Intl.Segmenter('en').segment(name)].map(({ segment }) => segment)
  if (letters.length <= most) return name
  const [head, tail] = [Math.ceil((most - 1) / 2), Math.floor((most - 1) / 2)]
  return `${letters.slice(0, head).join('')}…${letters.slice(-tail).join('')}`
}
