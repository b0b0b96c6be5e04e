/** Where Durable Objects are to run. */

import type { Settings } from "./setting.ts";
import { readWord } from "./words.ts";

/** https://developers.cloudflare.com/durable-objects/reference/data-location/ */
const LOCATION_HINTS = [
  "wnam",
  "enam",
  "sam",
  "weur",
  "eeur",
  "apac",
  "apac-ne",
  "apac-se",
  "oc",
  "afr",
  "me",
] as const satisfies readonly DurableObjectLocationHint[];

/** The same page. */
const JURISDICTIONS = [
  "eu",
  "us",
  "fedramp",
  "fedramp-high",
] as const satisfies readonly DurableObjectJurisdiction[];

/** Settings of where Durable Objects are. */
export interface PlacementSettings {
  /** Where an object is made that is not there yet, as near as can be; `undefined` for near whoever asks first. */
  readonly locationHint: DurableObjectLocationHint | undefined;
  /** What no object leaves. Part of an object's identity: the same name is another object in another jurisdiction. */
  readonly jurisdiction: DurableObjectJurisdiction | undefined;
}

/**
 * `LOCATION_HINT` and `JURISDICTION`.
 * @throws {RegistryError} `bad-configuration`
 */
export function readPlacement(settings: Settings): PlacementSettings {
  return {
    locationHint: readWord(settings, "LOCATION_HINT", LOCATION_HINTS),
    jurisdiction: readWord(settings, "JURISDICTION", JURISDICTIONS),
  };
}
