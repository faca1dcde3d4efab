// Run by `helm test`: each address must answer 200 within a minute. Prints the answers.
const deadline = Date.now() + 60_000;
for (const url of process.argv.slice(1)) {
  let answer;
  do {
    if (answer !== undefined) await new Promise((resolve) => setTimeout(resolve, 1_000));
    answer = await request(url);
  } while (answer.status !== 200 && Date.now() < deadline);
  console.log(`${url}: ${answer.status} ${answer.text.slice(0, 300)}`);
  if (answer.status !== 200) process.exit(1);
}

async function request(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    return { status: 0, text: `${error.message}: ${error.cause?.message ?? ''}` };
  }
}
