/** Who is asking, and what they were granted. */

import type { AccessToken, Scope } from "../config.ts";
import { matchesPattern } from "./repository-pattern.ts";

/** A {@link Scope}, or `list`: to see which repositories there are, without reading them. Whoever may pull may list. */
export type Action = Scope | "list";

/** Something that may be done with some repositories. */
export interface Grant {
  readonly actions: readonly Action[];
  /** Patterns of `registry/repository` in which `*` stands for any text. */
  readonly repositories: readonly string[];
}

/** Who is asking. */
export interface Caller {
  /** The name of their access token; `undefined` for someone without one. */
  readonly name: string | undefined;
  readonly grants: readonly Grant[];
}

/** Someone without credentials: may do what anyone may. */
export const ANONYMOUS: Caller = Object.freeze({ name: undefined, grants: Object.freeze([]) });

/** What an access token grants. */
export function ownGrants(token: AccessToken): readonly Grant[] {
  return [{ actions: token.scopes, repositories: token.repositories }];
}

/** Whether one of the grants is for this action on this repository. */
export function isGranted(grants: readonly Grant[], action: Action, path: string): boolean {
  return grants.some(
    (grant) =>
      grant.actions.includes(action) && grant.repositories.some((pattern) => matchesPattern(pattern, path)),
  );
}
