import { parse, stringify } from 'devalue'

/**
 * The transformer on the wire between server and clients. It keeps NaN, ±Infinity, Dates and
 * typed arrays, which JSON does not.
 */
export const wire = {
  input: { serialize: stringify, deserialize: parse },
  output: { serialize: stringify, deserialize: parse },
}
