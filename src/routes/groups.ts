/** How the description groups routes, in the order in which `/docs` shows them. */

/** Each group's name, and what is in it. */
export const GROUPS = [
  { name: "Images", description: "Download, publish, look into and delete SIF files" },
  { name: "Tags and search", description: "What there is" },
  { name: "Signed links", description: "Downloads for people without an account" },
  { name: "Cache", description: "Have an image fetched ahead of time, watch it, drop it" },
  {
    name: "OCI: pull",
    description:
      "For Apptainer, ORAS, skopeo, docker and their like: the OCI distribution specification 1.1. `name` is `<registry>/<repository>`, slashes included, or the repository alone with `?ns=<registry>`.",
  },
  { name: "OCI: push", description: "The same specification's other half; deleting, too" },
  {
    name: "OCI: sign in",
    description: "Docker's token authentication, which `login` and every client speaks",
  },
  { name: "Service", description: "How the service itself does" },
] as const;

/** The name of a group. */
export type Group = (typeof GROUPS)[number]["name"];
