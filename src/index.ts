import app from "./app.ts";
import type { Env } from "./env.ts";
import { scheduled } from "./scheduled.ts";

export { BlobObject } from "./blob/blob-object.ts";
export { CaretakerObject } from "./caretaker/caretaker-object.ts";
export { RepositoryObject } from "./repository/repository-object.ts";
export { UploadObject } from "./upload/upload-object.ts";
export default { fetch: app.fetch, scheduled } satisfies ExportedHandler<Env>;
