/** Files that are bundled as text: a rule in `wrangler.toml` for the Worker, Vite's own for the tests. */
declare module "*?raw" {
  const text: string;
  export default text;
}
