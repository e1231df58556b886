/** What a job is that an empty board begins with. */
export const EXAMPLE =
  'Recorded from a small real run, to show what a choice can look like. Its weights are stand-ins.'
