import type { Env } from "../env.ts";
import type { CaretakerObject } from "./caretaker-object.ts";

/** The one caretaker there is. */
export function caretakerOf({ CARETAKER }: Pick<Env, "CARETAKER">): DurableObjectStub<CaretakerObject> {
  return CARETAKER.getByName("caretaker");
}
