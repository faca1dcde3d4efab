/** JSON that Redis can decode: half of a surrogate pair, left where a text was cut, is an error there. */
export function luaJson(value: object): string {
  const json = JSON.stringify(value);
  if (!json.includes('\\ud')) return json;
  return json.replace(/\\(?:(ud[89a-f][0-9a-f]{2})|.)/g, (sequence, half) => (half ? '\ufffd' : sequence));
}
