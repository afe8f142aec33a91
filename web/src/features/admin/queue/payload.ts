/** Reads what somebody wrote as the data of a job, or says what is wrong with it. */
export function parsePayload(text: string): { payload: unknown } | { wrong: string } {
  if (!text.trim()) return { wrong: 'Write the data as JSON, for example {}' }
  try {
    const payload: unknown = JSON.parse(text)
    // The API takes null for nothing given, which would keep what the job has.
    return payload === null ? { wrong: 'The data cannot be null' } : { payload }
  } catch (error) {
    return { wrong: `This is not JSON: ${error instanceof Error ? error.message : 'it cannot be read'}` }
  }
}
