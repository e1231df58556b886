/** Explains the example jobs of an empty board. */
export const EXAMPLE =
  'A small real run that shows what a choice can look like. Its weights are placeholders.'
