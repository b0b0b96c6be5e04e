import { CliError } from "../failure.js";
import { rememberLogin } from "../settings/logins.js";
import { chooseServer, isUnprotected, parseServer, parseToken } from "../settings/server.js";
import { readSecret } from "../terminal.js";

/** @import { Command } from "../commands.js" */
/** @import { Client } from "../http/client.js" */

/** @type {Command} */
export const loginCommand = {
  name: "login",
  operands: ["[URL]"],
  summary: "remember a server and an access token",
  description: [
    "Asks for an access token, or reads it from standard input, tries it, and keeps it in a file that only you can",
    "read. The server becomes the one that is used where none is named.",
  ],
  options: {},
  async run([url], { connectTo, options, progress, signal, env }) {
    const server =
      url === undefined
        ? await chooseServer(options.text("server"), env)
        : parseServer(url, `server "${url}"`);
    if (isUnprotected(server))
      progress.alarm(`Warning: ${server} is not encrypted; others can read the token on its way`);
    const token = parseToken(await readSecret(`Access token for ${server}: `, signal), "standard input");
    const checked = await check(connectTo(server, token));
    const file = await rememberLogin(env, server, token);
    progress.note(
      `${checked ? "Signed in to" : "Could not check the token, but kept it, for"} ${server} (${file})`,
    );
    return { document: { server, file, checked }, text: "" };
  },
};

/**
 * Tries the token where every registry says whether it is good.
 * @param {Client} client
 * @returns {Promise<boolean>} false where the server does not tell
 * @throws {CliError} denied
 */
async function check(client) {
  const action = `sign in to "${client.origin}"`;
  const response = await client.call("GET", "/v2/", { action, expect: [200, 401, 404] });
  if (response.statusCode !== 401) return response.statusCode === 200;
  throw new CliError(
    "denied",
    `Cannot ${action}: the token is not known there, or has expired; check it, or ask for another`,
    {
      status: 401,
      code: "unauthorized",
    },
  );
}
