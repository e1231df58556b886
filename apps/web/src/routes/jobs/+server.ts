import { redirect } from '@sveltejs/kit'
import type { RequestHandler } from './$types'

/** The list of jobs is the first page. */
export const GET: RequestHandler = () => redirect(308, '/')
