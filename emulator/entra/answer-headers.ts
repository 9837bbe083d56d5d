/**
 * The headers of every answer that programs get of the identity platform; cookies and `Strict-Transport-Security`, which
 * would lock a browser out of localhost, are left out.
 */
export const answerHeaders = (requestId: string) => ({
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store, no-cache',
  pragma: 'no-cache',
  expires: '-1',
  'x-content-type-options': 'nosniff',
  p3p: 'CP="DSP CUR OTPi IND OTRi ONL FIN"',
  'x-ms-request-id': requestId,
  'x-ms-ests-server': '2.1.0 - EMULATOR ProdSlices',
})
