import type { Env } from "../env.ts";
import { objectsOf } from "../objects.ts";
import type { CaretakerObject } from "./caretaker-object.ts";

/** The one caretaker there is. */
export function caretakerOf(env: Env): DurableObjectStub<CaretakerObject> {
  return objectsOf(env).caretakers.getByName("caretaker");
}
