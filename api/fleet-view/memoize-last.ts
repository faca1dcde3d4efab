/** Returns the last result again while the arguments are the same. */
export function memoizeLast<Args extends readonly unknown[], Answer>(
  compute: (...args: Args) => Answer,
): (...args: Args) => Answer {
  let last: { readonly args: Args; readonly answer: Answer } | undefined;
  return (...args) => {
    if (last?.args.every((arg, index) => arg === args[index])) return last.answer;
    const answer = compute(...args);
    last = { args, answer };
    return answer;
  };
}
