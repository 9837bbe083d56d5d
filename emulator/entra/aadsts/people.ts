import type { Refusals } from '#emulator/entra/aadsts/refusals.ts'

/** Whom it is for: sign-in, conditional access, consent and assignment. */
export const PEOPLE = {
  50020: [
    400,
    'invalid_grant',
    "User account '{0}' from identity provider '{1}' does not exist in tenant '{2}' and cannot access the application '{3}'({4}) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different account.",
  ],
  50034: [400, 'invalid_grant', 'The user account {0} does not exist in this directory.'],
  50053: [
    400,
    'invalid_grant',
    "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.",
  ],
  50055: [400, 'invalid_grant', 'The password is expired.'],
  50057: [400, 'invalid_grant', 'The user account is disabled.'],
  50058: [400, 'login_required', 'A silent sign-in request was sent but no user is signed in.'],
  50126: [400, 'invalid_grant', 'Error validating credentials due to invalid username or password.'],
  16000: [
    400,
    'interaction_required',
    'Either multiple user identities are available for the current request or selected account is not supported for the scenario.',
  ],
  90072: [
    400,
    'invalid_grant',
    "User account '{0}' from identity provider '{1}' does not exist in tenant '{2}' and cannot access the application '{3}'({4}) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account.",
  ],
  500021: [403, 'access_denied', "Access to '{0}' tenant is denied."],
  50076: [
    400,
    'invalid_grant',
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '{0}'.",
  ],
  50079: [
    400,
    'invalid_grant',
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multifactor authentication to access '{0}'.",
  ],
  53000: [
    400,
    'interaction_required',
    'Device is not in required device state: {0}. Conditional Access policy requires a compliant device, and the device is not compliant. The user must enroll their device with an approved MDM provider like Intune.',
  ],
  53003: [
    400,
    'invalid_grant',
    'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
  ],
  65001: [
    400,
    'invalid_grant',
    "The user or administrator has not consented to use the application with ID '{0}' named '{1}'. Send an interactive authorization request for this user and resource.",
  ],
  65004: [400, 'access_denied', 'User declined to consent to access the app.'],
  90093: [
    400,
    'access_denied',
    'An administrator of {0} has set a policy that prevents you from granting {1} the permissions it is requesting. Contact an administrator, who can grant permissions to this app on your behalf.',
  ],
  90094: [
    400,
    'access_denied',
    '{0} needs permission to access resources in your organization that only an admin can grant. Please ask an admin to grant permission to this app before you can use it.',
  ],
  90095: [
    400,
    'access_denied',
    'Admin consent is required for the permissions requested by this application. An admin consent request has been sent.',
  ],
  900941: [
    400,
    'access_denied',
    'Admin consent is required. The app {0} is considered risky: its publisher is not verified.',
  ],
  900981: [
    400,
    'access_denied',
    'An admin consent request was received for a risky app: the publisher of {0} is not verified.',
  ],
  50105: [
    400,
    'invalid_grant',
    "Your administrator has configured the application {0} ('{1}') to block users unless they are specifically granted ('assigned') access to the application. The signed in user '{2}' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator. Please contact your administrator to assign access to this application.",
  ],
  501051: [400, 'invalid_grant', "Application '{0}'({1}) is not assigned to a role for the application '{2}'({3})."],
} as const satisfies Refusals
