/** The database cannot be reached or started; the message is one sentence without secrets. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable'
}
