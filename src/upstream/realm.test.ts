import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hostileAddresses } from "../../test/support/addresses.ts";
import type { Upstream } from "../config.ts";
import { RegistryError } from "../errors.ts";
import { checkRealm } from "./realm.ts";

function allowed(url: string, realm: string, realms: readonly string[] = []): boolean {
  const upstream: Upstream = { name: "lab", url, access: "public", realms };
  try {
    return checkRealm(realm, upstream).href.startsWith("http");
  } catch (error) {
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({ code: "upstream-unavailable" });
    return false;
  }
}

describe("checkRealm()", () => {
  test.each([
    ["https://ghcr.io", "https://ghcr.io/token"],
    ["https://registry-1.docker.io", "https://auth.docker.io/token"],
    ["https://registry.gitlab.com", "https://gitlab.com/jwt/auth"],
    ["https://registry.example.co.uk", "https://auth.example.co.uk/token"],
    ["https://registry.example.org:5000", "https://auth.example.org:5001/token"],
    ["https://mine.azurecr.io", "https://mine.azurecr.io/oauth2/token"],
    ["https://10.0.0.5", "https://10.0.0.5/token"],
    ["https://localhost:5000", "https://localhost:5000/token"],
    ["http://registry.example.org", "http://registry.example.org/token"],
  ])("lets %s name %s", (url, realm) => {
    expect(allowed(url, realm)).toBe(true);
  });

  test.each([
    ["https://ghcr.io", "https://ghcr.io.evil.example/token"],
    ["https://ghcr.io", "https://evilghcr.io/token"],
    ["https://ghcr.io", "http://ghcr.io/token"],
    ["https://ghcr.io", "https://169.254.169.254/latest"],
    ["https://ghcr.io", "https://[::1]/token"],
    ["https://ghcr.io", "https://localhost/token"],
    ["https://ghcr.io", "https://ada:pw@ghcr.io/token"],
    ["https://ghcr.io", "ftp://ghcr.io/token"],
    ["https://ghcr.io", "/token"],
    ["https://ghcr.io", ""],
    ["https://ghcr.io", "https://.ghcr.io/token"],
    ["https://ghcr.io", "https://auth..ghcr.io/token"],
    // Neighbours under a public suffix, also one that a company lends out names under.
    ["https://registry.co.uk", "https://evil.co.uk/token"],
    ["https://mine.github.io", "https://yours.github.io/token"],
    ["https://mine.azurecr.io", "https://yours.azurecr.io/token"],
    // No registrable domain: the origin itself or nothing.
    ["https://10.0.0.5", "https://10.0.0.6/token"],
    ["https://10.0.0.5", "https://10.0.0.5:444/token"],
    ["https://registry.local", "https://auth.registry.local/token"],
    ["http://registry.example.org", "http://auth.example.org/token"],
    ["http://127.0.0.1:5000", "http://127.0.0.1:5001/token"],
  ])("does not let %s name %s", (url, realm) => {
    expect(allowed(url, realm)).toBe(false);
  });

  test("lets a listed origin or address be named", () => {
    const other = "https://auth.example.net";
    expect(allowed("https://ghcr.io", `${other}/any/path?x=1`, [other])).toBe(true);
    expect(allowed("https://ghcr.io", `${other}/token?x=1`, [`${other}/token`])).toBe(true);
    expect(allowed("https://ghcr.io", `${other}/token/`, [`${other}/token`])).toBe(true);
    expect(allowed("https://ghcr.io", `${other}/other`, [`${other}/token`])).toBe(false);
    expect(allowed("https://ghcr.io", `${other}:444/token`, [other])).toBe(false);
    expect(allowed("http://127.0.0.1:5000", "http://127.0.0.1:5001/token", ["http://127.0.0.1:5001"])).toBe(
      true,
    );
  });

  test("a listing does not make plain http fit for a https upstream", () => {
    expect(allowed("https://ghcr.io", "http://auth.example.net/token", ["http://auth.example.net"])).toBe(
      false,
    );
  });

  test("the message names the realm without its query, and the setting", () => {
    const upstream: Upstream = { name: "lab", url: "https://ghcr.io", access: "public", realms: [] };
    expect(() => checkRealm("https://evil.example/token?x=secret", upstream)).toThrow(
      'Cannot sign in at "lab": it names as its token service "https://evil.example/token?***", which is on another domain; where that is right, add it to the "realms" of this upstream',
    );
  });

  test("whatever is named, credentials go nowhere but to the upstream's own domain by https", () => {
    const upstream: Upstream = { name: "lab", url: "https://ghcr.io", access: "public", realms: [] };
    let allowedOnes = 0;
    fc.assert(
      fc.property(hostileAddresses, (realm) => {
        if (!allowed("https://ghcr.io", realm)) return;
        allowedOnes++;
        const { protocol, hostname, username, password } = checkRealm(realm, upstream);
        expect(`${protocol} ${hostname}`).toMatch(/^https: (?:.+\.)?ghcr\.io\.?$/);
        expect(username + password).toBe("");
      }),
      { numRuns: 3000 },
    );
    expect(allowedOnes).toBeGreaterThan(10);
  });
});
