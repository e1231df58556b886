/** A piece of a text, and whether it matches the search. */
export interface Piece {
  text: string
  isMatch: boolean
}

/** A text split at each match of a search, in upper or lower case. */
export function pieces(text: string, search: string): Piece[] {
  if (search === '') return [{ text, isMatch: false }]
  const pattern = search.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
  return text
    .split(new RegExp(`(${pattern})`, 'i'))
    .map((piece, index) => ({ text: piece, isMatch: index % 2 === 1 }))
    .filter((piece) => piece.text !== '')
}
