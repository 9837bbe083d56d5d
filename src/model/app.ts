import type { ApplicationPermission, PermissionName } from '#model/graph-permissions.ts'
import type { JobDefinition } from '#model/job.ts'
import type { DeclaredPermission } from '#model/permission.ts'
import type { BuiltInKind, ResourceDefinition } from '#model/resource.ts'
import type { ThrottleLimits } from '#model/throttle.ts'

/** What `tenantry.config.ts` says: who we are, what we ask of a customer and why. No secret belongs here. */
export type AppDefinition = {
  /** The product's name as customers know it. */
  name: string
  /** The company behind it. */
  publisher: string
  /** One or two sentences for the landing page: what the customer gets. */
  description: string
  /** Application permissions of Microsoft Graph that the daemon needs, each with its reason. */
  permissions: readonly DeclaredPermission[]
  supportEmail?: string
  privacyUrl?: string
  termsUrl?: string
  /** How often each tenant's directory is read: 1 to 4,320 (three days), since delta links live a week; 60 unless told. */
  syncEveryMinutes?: number
  /** A sync that would remove a larger share of a tenant's stored objects of a kind, and more than five, stops and asks; 0.3 unless told. */
  largestRemovalShare?: number
  /** Where Microsoft Graph's limits for your app are others than the documented ones; each replaces the whole limit. */
  graphLimits?: Partial<ThrottleLimits>
  /** What is done in every tenant besides reading its directory; each made by `defineJob`. */
  jobs?: readonly JobDefinition[]
  /** What is read of every tenant's directory besides what is built in; each made by `defineResource`. */
  resources?: readonly ResourceDefinition[]
  /** Kinds that are built in and left out, with `false`, or of which more is read. */
  builtInResources?: Partial<Record<BuiltInKind, BuiltInChange>>
}

/** Nothing is read of the kind, or these properties besides the usual ones. */
export type BuiltInChange = false | { alsoSelect: readonly string[] }

/** A permission as it is written down: one that this version knows, or on purpose another. */
export type PermissionDeclaration =
  | { value: ApplicationPermission; reason: string; unlisted?: undefined }
  | { value: PermissionName; reason: string; unlisted: true }

/** What is written down for `defineApp`; the same, but that the compiler knows the names of permissions. */
export interface AppDeclaration extends Omit<AppDefinition, 'permissions'> {
  /** Application permissions of Microsoft Graph that the daemon needs, each with its reason. */
  permissions: readonly PermissionDeclaration[]
}

/** Names the app. The whole definition is checked when the configuration is read, so that all mistakes are told together. */
export const defineApp = (declaration: AppDeclaration): AppDefinition => declaration as AppDefinition

/**
 * Exactly the delegated permissions that the landing page asks an administrator for. `offline_access` is not among
 * them: no refresh token is wanted.
 */
export const SIGN_UP_SCOPES = [
  'openid',
  'profile',
  'User.Read',
  'Application.Read.All',
  'AppRoleAssignment.ReadWrite.All',
] as const
