import { type Database, databaseFailure, type Replica } from '@bestmark/db'

/** The outcome of a procedure. */
type Outcome = { ok: true } | { ok: false; error: Error }

/**
 * Answers a query by the replica if it may be read, otherwise by the primary. Whatever the replica
 * cannot answer, the primary is asked, too: it may have a row that has not arrived yet.
 */
export async function readFrom<T extends Outcome>(
  primary: Database,
  replica: Replica | undefined,
  answerBy: (db: Database) => Promise<T>,
): Promise<T> {
  const reader = await replica?.reader()
  const answered = reader && (await answeredBy(reader, answerBy, (error) => replica?.failed(error)))
  return answered ?? primary.whileAnswering(() => answerBy(primary))
}

async function answeredBy<T extends Outcome>(
  reader: Database,
  answerBy: (db: Database) => Promise<T>,
  onFailure: (error: unknown) => void,
): Promise<T | undefined> {
  try {
    const result = await reader.whileAnswering(() => answerBy(reader))
    if (result.ok) return result
    if (databaseFailure(result.error)) onFailure(result.error)
  } catch (error) {
    onFailure(error)
  }
  return undefined
}
