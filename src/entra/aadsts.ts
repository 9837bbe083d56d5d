import type { Diagnosis } from '#model/problem.ts'

export type Meaning = Pick<Diagnosis, 'code' | 'owner' | 'message' | 'nextStep' | 'retry' | 'confidence'>

const signUpAgain = 'An administrator of the tenant opens the landing page and signs up again.'
const correctApp = 'Correct the app registration in your home tenant, or the configuration.'

const ours = (code: Meaning['code'], message: string, nextStep: string): Meaning => ({
  code,
  owner: 'operator',
  message,
  nextStep,
  retry: 'never',
  confidence: 'certain',
})
const customers = (
  code: Meaning['code'],
  message: string,
  nextStep: string,
  confidence: Meaning['confidence'] = 'certain',
): Meaning => ({
  code,
  owner: 'customer-administrator',
  message,
  nextStep,
  retry: 'never',
  confidence,
})
const microsofts = (message: string): Meaning => ({
  code: 'UNAVAILABLE',
  owner: 'microsoft',
  message,
  nextStep: 'It is tried again by itself.',
  retry: 'backoff',
  confidence: 'certain',
})

const servicePrincipalMissing = customers(
  'SERVICE_PRINCIPAL_MISSING',
  'The app is not, or no longer, present in the tenant.',
  signUpAgain,
)
const servicePrincipalDisabled = customers(
  'SERVICE_PRINCIPAL_DISABLED',
  'The app has been disabled in the tenant.',
  'An administrator enables it again under Enterprise applications › Properties.',
)
const tenantNotFound = customers(
  'TENANT_NOT_FOUND',
  'Microsoft knows no such tenant in this cloud.',
  'Check the tenant id; the tenant may have been deleted.',
)
const secretInvalid = ours(
  'CLIENT_SECRET_INVALID',
  'Microsoft refuses the app’s client secret.',
  'Set TENANTRY_CLIENT_SECRET to the secret’s value; its id, which the portal shows beside it, does not work.',
)
const certificateRejected = ours(
  'CLIENT_CERTIFICATE_REJECTED',
  'Microsoft refuses the app’s certificate.',
  'Upload this certificate to the app registration, and check its validity and this machine’s clock.',
)
const federation = ours(
  'CLIENT_CERTIFICATE_REJECTED',
  'Microsoft does not accept the app’s federated credential.',
  'Compare issuer, subject and audience with those of the app registration, to the letter.',
)
const misconfigured = ours('APPLICATION_MISCONFIGURED', 'The request does not fit the app registration.', correctApp)
const approval = customers(
  'ADMIN_APPROVAL_NEEDED',
  'Your organisation lets only an administrator accept what the app asks for.',
  'Send the link on this page to an administrator of your organisation.',
)
const blocked: Meaning = {
  ...customers(
    'CONDITIONAL_ACCESS',
    'A policy of the tenant blocks this sign-in.',
    'An administrator of the tenant allows the app in the Conditional Access policy that blocks it.',
  ),
  retry: 'slowly',
}
const resource = customers(
  'RESOURCE_UNAVAILABLE',
  'The tenant does not offer the service that the app asks for.',
  'Check that the tenant has the subscription for it and that the service is not disabled there.',
)
const codeExpired = customers('CODE_EXPIRED', 'The sign-in took too long or was used twice.', 'Start again.')

const signInAgain = customers('SIGN_IN_FAILED', 'The sign-in is not, or no longer, good.', 'Start again.')

/**
 * What each code of Microsoft Entra ID means for us. A new meaning is a line here.
 * @see https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
export const AADSTS: Readonly<Record<number, Meaning>> = {
  700016: { ...servicePrincipalMissing, confidence: 'probable' },
  7000229: servicePrincipalMissing,
  650051: { ...servicePrincipalMissing, retry: 'backoff', confidence: 'probable' },
  7000112: servicePrincipalDisabled,
  90002: tenantNotFound,
  900023: tenantNotFound,
  5000224: { ...tenantNotFound, confidence: 'probable' },
  90038: {
    ...tenantNotFound,
    message: 'The tenant lives in another of Microsoft’s clouds.',
    nextStep: 'Register the app in that cloud too.',
  },
  900382: {
    ...tenantNotFound,
    message: 'The tenant lives in another of Microsoft’s clouds.',
    nextStep: 'Register the app in that cloud too.',
  },
  900432: {
    ...tenantNotFound,
    message: 'The tenant lives in another of Microsoft’s clouds.',
    nextStep: 'Register the app in that cloud too.',
  },
  7000215: secretInvalid,
  7000222: ours(
    'CLIENT_SECRET_EXPIRED',
    'The app’s client secret has expired: no tenant can be reached with it.',
    'Create a new secret or certificate in the app registration and set it in the configuration.',
  ),
  7000218: { ...misconfigured, message: 'The app sent no credential.' },
  700025: { ...misconfigured, message: 'The app is registered as a public client.' },
  700027: certificateRejected,
  700024: certificateRejected,
  1000502: certificateRejected,
  7000214: certificateRejected,
  70021: federation,
  70025: federation,
  700211: federation,
  700212: federation,
  700213: federation,
  700229: federation,
  7000274: certificateRejected,
  7000277: certificateRejected,
  700030: certificateRejected,
  50011: {
    ...misconfigured,
    message: 'The address to return to is not registered with the app.',
    nextStep: 'Add it to the app registration as a redirect URI of type Web.',
  },
  500113: { ...misconfigured, message: 'No address to return to is registered with the app.' },
  50194: {
    ...misconfigured,
    message: 'The app is registered for one tenant only.',
    nextStep: 'Set its supported account types to any organizational directory.',
  },
  900971: { ...misconfigured, message: 'No address to return to is registered with the app.' },
  9001023: misconfigured,
  28002: misconfigured,
  28003: misconfigured,
  700022: misconfigured,
  700023: misconfigured,
  700021: misconfigured,
  50027: misconfigured,
  900561: misconfigured,
  901002: misconfigured,
  50147: misconfigured,
  501491: misconfigured,
  90008: misconfigured,
  90133: misconfigured,
  50049: { ...misconfigured, message: 'Microsoft does not know this authority.' },
  50050: { ...misconfigured, message: 'Microsoft does not know this authority.' },
  650054: misconfigured,
  650056: misconfigured,
  650057: misconfigured,
  65005: misconfigured,
  70011: misconfigured,
  1002012: misconfigured,
  900144: misconfigured,
  9002313: misconfigured,
  9002326: misconfigured,
  9002327: misconfigured,
  70003: misconfigured,
  500011: resource,
  500014: resource,
  50001: resource,
  650052: resource,
  65001: customers('CONSENT_MISSING', 'Nobody has consented to the app in this tenant.', signUpAgain),
  65004: customers(
    'CONSENT_DECLINED',
    'The permissions were declined. Nothing was changed.',
    'Start again whenever you like.',
  ),
  90094: approval,
  90093: approval,
  90099: {
    ...approval,
    message: 'A partner of the organisation may not accept the app for it.',
    nextStep: 'Send the link on this page to an administrator of the organisation itself.',
  },
  90095: {
    ...approval,
    message: 'Your request for approval is with your administrators.',
    nextStep: 'Come back when one of them has approved it.',
  },
  900941: approval,
  900981: approval,
  50105: customers(
    'SIGN_IN_BLOCKED',
    'The app may be used by assigned people only.',
    'An administrator assigns you to the app under Enterprise applications › Users and groups.',
  ),
  50020: customers(
    'SIGN_IN_FAILED',
    'The account does not belong to the tenant.',
    'Start again with a work account of that tenant.',
  ),
  90072: customers(
    'SIGN_IN_FAILED',
    'The account does not belong to the tenant.',
    'Start again with a work account of that tenant.',
  ),
  500208: customers(
    'SIGN_IN_FAILED',
    'The account is of a kind that the tenant does not take.',
    'Start again with a work account of that tenant.',
  ),
  50034: customers('SIGN_IN_FAILED', 'The account is not known in the tenant.', 'Start again with another account.'),
  50126: customers('SIGN_IN_FAILED', 'The name or the password was wrong.', 'Start again.'),
  50053: customers('SIGN_IN_BLOCKED', 'The account is locked.', 'Ask an administrator of the tenant.'),
  50055: customers('SIGN_IN_BLOCKED', 'The account’s password has expired.', 'Set a new password, then start again.'),
  50057: customers('SIGN_IN_BLOCKED', 'The account is disabled.', 'Ask an administrator of the tenant.'),
  50058: signInAgain,
  50059: signInAgain,
  16000: signInAgain,
  1000031: signInAgain,
  700082: signInAgain,
  700084: signInAgain,
  70043: signInAgain,
  50173: signInAgain,
  50132: signInAgain,
  50133: signInAgain,
  54005: codeExpired,
  70008: codeExpired,
  700005: codeExpired,
  70000: { ...codeExpired, confidence: 'probable' },
  501481: { ...codeExpired, message: 'The answer does not belong to the sign-in that was begun here.' },
  50148: { ...codeExpired, message: 'The answer does not belong to the sign-in that was begun here.' },
  70016: { ...codeExpired, message: 'Nobody signed in with the code in time.' },
  70017: { ...codeExpired, code: 'CONSENT_DECLINED', message: 'The sign-in was declined. Nothing was changed.' },
  70018: { ...codeExpired, message: 'Microsoft does not know the code.' },
  70019: { ...codeExpired, message: 'Nobody signed in with the code in time.' },
  70020: { ...codeExpired, message: 'Nobody signed in with the code in time.' },
  53003: blocked,
  53000: blocked,
  53001: blocked,
  530032: blocked,
  530034: blocked,
  530035: blocked,
  50076: blocked,
  50079: blocked,
  50072: blocked,
  50074: blocked,
  50097: blocked,
  50158: blocked,
  53002: blocked,
  500021: { ...blocked, message: 'The network’s tenant restrictions block this tenant.' },
  500022: { ...blocked, message: 'The network’s tenant restrictions block this tenant.' },
  500212: blocked,
  500213: blocked,
  90033: microsofts('Microsoft Entra ID is busy for the moment.'),
  90090: microsofts('Microsoft Entra ID could not grant at the moment.'),
  90006: microsofts('Microsoft Entra ID took too long.'),
  90012: microsofts('Microsoft Entra ID took too long.'),
  90024: microsofts('Microsoft Entra ID is busy for the moment.'),
  50033: microsofts('Microsoft Entra ID is busy for the moment.'),
  50087: microsofts('Microsoft Entra ID is busy for the moment.'),
  90036: { ...microsofts('Microsoft Entra ID had a fault that does not mend itself.'), retry: 'slowly' },
  90055: { ...microsofts('The tenant receives too many requests.'), code: 'THROTTLED' },
  50196: { ...microsofts('Microsoft Entra ID saw the same request too often.'), code: 'THROTTLED' },
}

/** OAuth's own error words, for answers that carry no code we know. @see RFC 6749 sections 4.1.2.1 and 5.2 */
export const OAUTH_ERRORS: ReadonlyMap<string, Meaning> = new Map(
  Object.entries({
    access_denied: customers(
      'CONSENT_DECLINED',
      'The permissions were declined. Nothing was changed.',
      'Start again whenever you like.',
      'probable',
    ),
    permission_denied: customers(
      'CONSENT_DECLINED',
      'The permissions were declined. Nothing was changed.',
      'Start again whenever you like.',
      'probable',
    ),
    consent_required: { ...approval, confidence: 'probable' },
    interaction_required: { ...blocked, confidence: 'probable' },
    login_required: customers('SIGN_IN_FAILED', 'Nobody is signed in.', 'Start again.', 'probable'),
    invalid_client: { ...misconfigured, message: 'Microsoft refuses the app’s credential.', confidence: 'probable' },
    unauthorized_client: { ...servicePrincipalMissing, confidence: 'probable' },
    invalid_grant: { ...codeExpired, confidence: 'probable' },
    temporarily_unavailable: microsofts('Microsoft Entra ID is busy for the moment.'),
    server_error: microsofts('Microsoft Entra ID had a fault.'),
  }),
)

/**
 * What stands beside an OAuth error and says more than it does, for answers that carry no code we know.
 * @see https://learn.microsoft.com/entra/identity-platform/reference-error-codes#handling-error-codes-in-your-application
 */
export const SUBERRORS: ReadonlyMap<string, Meaning> = new Map(
  Object.entries({
    consent_required: customers(
      'CONSENT_MISSING',
      'Nobody has consented to the app in this tenant.',
      signUpAgain,
      'probable',
    ),
    basic_action: { ...blocked, confidence: 'probable' },
    additional_action: { ...blocked, confidence: 'probable' },
    message_only: { ...blocked, confidence: 'probable' },
    user_password_expired: customers(
      'SIGN_IN_BLOCKED',
      'The account’s password has expired.',
      'Set a new password, then start again.',
      'probable',
    ),
    bad_token: { ...signInAgain, confidence: 'probable' },
    token_expired: { ...signInAgain, confidence: 'probable' },
  }),
)

/** The safe default: 4xx will not mend itself, everything else may. */
export const unknownMeaning = (status: number): Meaning => ({
  code: status === 429 ? 'THROTTLED' : status >= 500 || status === 429 ? 'UNAVAILABLE' : 'UNKNOWN',
  owner: status >= 500 || status === 429 ? 'microsoft' : 'operator',
  message: `Microsoft Entra ID answered something that Tenantry does not know (status ${status}).`,
  nextStep: 'Look Microsoft’s code up, and report it to Tenantry.',
  retry: status >= 500 || status === 429 ? 'backoff' : 'slowly',
  confidence: 'unknown',
})
