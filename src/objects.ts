/** The Durable Objects: every one is reached through here, so that all are where the settings want them. */

import type { BlobObject } from "./blob/blob-object.ts";
import type { CaretakerObject } from "./caretaker/caretaker-object.ts";
import { loadConfig } from "./config.ts";
import type { PlacementSettings } from "./config/placement.ts";
import { badSetting } from "./config/setting.ts";
import type { Env } from "./env.ts";
import type { RepositoryObject } from "./repository/repository-object.ts";
import type { UploadObject } from "./upload/upload-object.ts";

/** The objects of one class, by name. */
export interface NamedObjects<T extends Rpc.DurableObjectBranded> {
  /** The object of that name; it is made by the first call to it. */
  getByName(name: string): DurableObjectStub<T>;
}

/** The objects of each class. */
export interface Objects {
  readonly blobs: NamedObjects<BlobObject>;
  readonly repositories: NamedObjects<RepositoryObject>;
  readonly uploads: NamedObjects<UploadObject>;
  readonly caretakers: NamedObjects<CaretakerObject>;
}

const opened = new WeakMap<Env, Objects>();

/**
 * The objects of an environment: the same ones for the same environment, so that what is remembered of them can be kept
 * by them.
 * @throws {RegistryError} `bad-configuration`, also where the runtime has no jurisdictions
 */
export function objectsOf(env: Env): Objects {
  let objects = opened.get(env);
  if (objects === undefined) {
    const placement = loadConfig(env);
    objects = {
      blobs: place(env.BLOBS, placement),
      repositories: place(env.REPOSITORIES, placement),
      uploads: place(env.UPLOADS, placement),
      caretakers: place(env.CARETAKER, placement),
    };
    opened.set(env, objects);
  }
  return objects;
}

function place<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
  { locationHint, jurisdiction }: PlacementSettings,
): NamedObjects<T> {
  const placed = jurisdiction === undefined ? namespace : within(namespace, jurisdiction);
  const options = locationHint === undefined ? {} : { locationHint };
  return { getByName: (name) => placed.getByName(name, options) };
}

/** workerd on its own has no jurisdictions, and says so by throwing. */
function within<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
  jurisdiction: DurableObjectJurisdiction,
): DurableObjectNamespace<T> {
  try {
    return namespace.jurisdiction(jurisdiction);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw badSetting(
      "JURISDICTION",
      `this runtime cannot keep objects in "${jurisdiction}" (${found.replace(/\.$/, "")}); leave it out here`,
    );
  }
}
