/** Asking the service, with the access token that this tab has. */

/** The session's storage goes with the tab; nothing else keeps the token. */
const TOKEN = "sif-edge-token";

/** Told when someone signs in or out. */
export const sessions = new EventTarget();

/** @returns {string | null} the access token, or null where nobody signed in */
export function token() {
  return sessionStorage.getItem(TOKEN);
}

/** @param {string} value */
export function signIn(value) {
  sessionStorage.setItem(TOKEN, value);
  sessions.dispatchEvent(new Event("change"));
}

/** Forgets the token. */
export function signOut() {
  sessionStorage.removeItem(TOKEN);
  sessions.dispatchEvent(new Event("change"));
}

/**
 * A request with the token where there is one. Credentials of the browser's own are left out: it would ask for a
 * password when the token is refused.
 * @param {string} path
 * @param {RequestInit} [init]
 */
export function request(path, init = {}) {
  const headers = new Headers(init.headers);
  const value = token();
  if (value !== null) headers.set("Authorization", `Bearer ${value}`);
  return fetch(path, { ...init, credentials: "omit", headers });
}

/** A refusal, in the service's own words. */
export class Refusal extends Error {
  /**
   * @param {string} message
   * @param {number} status
   */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/**
 * As {@link request}, for an answer in JSON.
 * @param {string} path
 * @param {RequestInit} [init]
 * @throws {Refusal} where the service says no
 */
export async function requestJson(path, init) {
  const response = await request(path, init);
  if (!response.ok) throw await refusalOf(response);
  return response.status === 204 ? undefined : response.json();
}

/** @param {Response} response */
export async function refusalOf(response) {
  const problem = await response.json().catch(() => undefined);
  return new Refusal(problem?.detail ?? `The service answered ${response.status}`, response.status);
}

/**
 * What to tell about a failure.
 * @param {unknown} error
 */
export function messageOf(error) {
  if (error instanceof Refusal) return `${error.message}.`;
  return "The service cannot be reached. Check the connection and try again.";
}
