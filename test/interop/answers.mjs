// What every foreign client that is asked many things at once has in common:
// requests come as a JSON array on the standard input, and one answer to each
// goes out in the same order.
export async function answerAll(answer) {
  let input = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    input += chunk;
  }
  const answers = [];
  for(const request of JSON.parse(input)) {
    answers.push(await answer(request));
  }
  process.stdout.write(JSON.stringify(answers));
}

// attempt makes an answer of what an action throws.
export async function attempt(action, request) {
  try {
    return await action(request);
  } catch(error) {
    return {error: `${error.message ?? error} ${JSON.stringify(error.details ?? {})}`};
  }
}
