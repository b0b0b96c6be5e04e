import { expect, test } from "vitest";
import { isPrivateHost } from "./private-host.ts";

function hostOf(url: string): string {
  return new URL(url).hostname;
}

test.each([
  "http://localhost",
  "http://localhost.",
  "http://registry.localhost",
  "http://printer.local",
  "http://metadata.google.internal",
  "http://registry",
  "http://127.0.0.1",
  "http://127.1",
  "http://0x7f000001",
  "http://2130706433",
  "http://0.0.0.0",
  "http://10.1.2.3",
  "http://100.100.100.200",
  "http://169.254.169.254",
  "http://172.31.255.255",
  "http://192.168.0.1",
  "http://198.19.0.1",
  "http://224.0.0.1",
  "http://255.255.255.255",
  "http://[::1]",
  "http://[::]",
  "http://[::ffff:127.0.0.1]",
  "http://[fd00:ec2::254]",
  "http://[fe80::1]",
  "http://[64:ff9b::7f00:1]",
  "http://[2002:7f00:1::]",
  "http://[2001::1]",
  "http://[2001:0:1::1]",
])("%s is private", (url) => {
  expect(isPrivateHost(hostOf(url))).toBe(true);
});

test.each([
  "https://ghcr.io",
  "https://registry-1.docker.io.",
  "https://localhost.example.org",
  "https://1.1.1.1",
  "https://172.32.0.1",
  "https://100.128.0.1",
  "https://[2606:4700:4700::1111]",
  "https://[2001:db9::1]",
])("%s is public", (url) => {
  expect(isPrivateHost(hostOf(url))).toBe(false);
});
