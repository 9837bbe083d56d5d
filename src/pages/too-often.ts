/**
 * For whoever comes while his network has used up what it may do at once.
 * @param method with which he came: he is told how to come again
 * @param nothing what did not happen: Nothing was done
 */
export const tooOften = (method: string, nothing: string): [title: string, text: string] => {
  const then = method === 'POST' ? 'go back and press the button again' : 'load this page again'
  return [
    'Please wait a moment',
    `Very many sign-ins have come from your network within a minute. ${nothing}: wait a few seconds, then ${then}.`,
  ]
}
