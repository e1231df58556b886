/** `current` has neither archived nor deleted jobs; `kept` has both current and archived ones. */
export const JOB_SHELVES = ['current', 'archived', 'deleted', 'kept'] as const
export type JobShelf = (typeof JOB_SHELVES)[number]

/** What a column of the list has: the best or last value of a metric, or an option of the configuration. */
export const COLUMN_KINDS = ['best', 'last', 'config'] as const
export type ColumnKind = (typeof COLUMN_KINDS)[number]

/** A column as an address has it: `best:METRIC`, `last:METRIC` or `config:OPTION`. */
export type ColumnKey = `${ColumnKind}:${string}`

/** The most columns that are read at once, and the most characters of a column's name. */
export const MOST_COLUMNS = 20
export const LONGEST_COLUMN = 400
