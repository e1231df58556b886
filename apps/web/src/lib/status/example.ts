/** What a job is that an empty board begins with. */
export const EXAMPLE =
  'A small real run that shows what a choice can look like. Its weights are placeholders.'
