/** The links between objects, such as from a signature to the object that it signs. */

import type { SifObject } from "./descriptor.ts";
import { invalidSif, type SifProblem } from "./invalid.ts";

/**
 * Follows every link from object to object, so that whoever follows them later cannot go round in circles.
 * @returns a problem for each link whose target is not in the file, which deleting an object leaves behind
 * @throws {RegistryError} `invalid-sif` when links form a circle.
 */
export function checkLinks(objects: readonly SifObject[]): SifProblem[] {
  const byId = new Map(objects.map((object) => [object.id, object]));
  const groups = new Set(objects.map((object) => object.group));
  checkForCircles(objects, byId);
  return objects.flatMap(({ id, link }) => {
    if (link === null) return [];
    const found = link.kind === "object" ? byId.has(link.id) : groups.has(link.id);
    return found ? [] : [{ objectId: id, message: `Linked to ${link.kind} ${link.id}, which is not there` }];
  });
}

/** Each object has one link at most and is walked over once, so the time is linear however the links go. */
function checkForCircles(objects: readonly SifObject[], byId: ReadonlyMap<number, SifObject>): void {
  const finished = new Set<SifObject>();
  for (const start of objects) {
    const path = new Set<SifObject>();
    for (let object: SifObject | undefined = start; object !== undefined; object = target(object, byId)) {
      if (finished.has(object)) break;
      if (path.has(object)) {
        throw invalidSif({
          field: `descriptor ${object.slot}, link`,
          found: `object ${object.link?.id}`,
          allowed: "an object that does not lead back to this one",
        });
      }
      path.add(object);
    }
    for (const object of path) finished.add(object);
  }
}

function target(object: SifObject, byId: ReadonlyMap<number, SifObject>): SifObject | undefined {
  return object.link?.kind === "object" ? byId.get(object.link.id) : undefined;
}
