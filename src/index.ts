export { BlobObject } from "./blob/blob-object.ts";
export { CaretakerObject } from "./caretaker/caretaker-object.ts";
export { RepositoryObject } from "./repository/repository-object.ts";
export { UploadObject } from "./upload/upload-object.ts";
export { default } from "./app.ts";
