// What `helm test` runs: each address must answer 200 within a minute. It says what was answered.
const deadline = Date.now() + 60_000;
for (const url of process.argv.slice(1)) {
  let said;
  do {
    if (said !== undefined) await new Promise((resolve) => setTimeout(resolve, 1_000));
    said = await ask(url);
  } while (said.status !== 200 && Date.now() < deadline);
  console.log(`${url}: ${said.status} ${said.text.slice(0, 300)}`);
  if (said.status !== 200) process.exit(1);
}

async function ask(url) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    return { status: answer.status, text: await answer.text() };
  } catch (error) {
    return { status: 0, text: `${error.message}: ${error.cause?.message ?? ''}` };
  }
}
