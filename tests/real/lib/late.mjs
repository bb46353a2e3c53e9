// Failures that a busy machine can cause: something took too long. A wrong answer is never one of them.

/** Something that should have happened has not happened yet. */
export class Late extends Error {
  name = 'Late';
}

/** The result of `check`. If it was late, `check` gets a second try. Any other failure counts at once. */
export async function oncePatient(check, tell) {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof Late)) throw error;
    tell(`once more, after: ${error.message}`);
    return check();
  }
}
