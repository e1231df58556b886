const ENTITIES = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
])

/**
 * What stands between the tags of a name, each time. Answers of S3 have no comments, and no element
 * inside one of its own name.
 */
export function elements(xml: string, name: string): string[] {
  const tag = new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g')
  return [...xml.matchAll(tag)].map(([, inside = '']) => inside)
}

/** The text of the first element of a name; undefined if there is none. */
export function textOf(xml: string, name: string): string | undefined {
  return elements(xml, name)[0]?.replaceAll(
    /&(#x?)?(\w+);/g,
    (all, number: string, word: string) => {
      if (number === undefined) return ENTITIES.get(word) ?? all
      return String.fromCodePoint(parseInt(word, number === '#x' ? 16 : 10))
    },
  )
}
