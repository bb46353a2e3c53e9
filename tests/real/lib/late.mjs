// What a busy machine can make of a test: something took too long. A wrong answer is never that.

/** Something that should have happened has not happened yet. */
export class Late extends Error {
  name = 'Late';
}

/** What `check` brings; if it was late, what it brings the second time. Any other failure is one at once. */
export async function oncePatient(check, tell) {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof Late)) throw error;
    tell(`once more, after: ${error.message}`);
    return check();
  }
}
