/** The project of runs that name none. */
export const DEFAULT_PROJECT = 'bestmark'

/** The longest name of a run or of its project that a person gives: it fits into the name of a folder. */
export const LONGEST_NAME = 200
