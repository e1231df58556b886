import { openApiDocument } from '@bestmark/api/plain'
import { json } from '@sveltejs/kit'
import type { RequestHandler } from './$types'

/** What the plain API answers, for tools that make clients. */
export const GET: RequestHandler = ({ url }) => json(openApiDocument(url.origin))
