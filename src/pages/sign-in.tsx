/** Where an access token is asked for. */

/** Asks for a token, which stays in this tab. */
export function SignIn({ id, why }: { id: string; why: string }) {
  return (
    <form class="sign-in" data-sign-in>
      <label for={id}>Access token</label>
      <div class="field-row">
        <input id={id} type="password" autocomplete="off" required aria-describedby={`${id}-why`} />
        <button type="submit">Sign in</button>
      </div>
      <p class="dim" id={`${id}-why`}>
        {why} It stays in this tab and is forgotten when you close it.
      </p>
      <p class="note warn" role="alert" data-sign-in-error hidden />
    </form>
  );
}

/** The same where nothing else can be shown without one. */
export function SignInPanel({ why, path }: { why: string; path: string }) {
  return (
    <div class="panel">
      <div class="needs-js">
        <SignIn id="page-token" why={why} />
      </div>
      <noscript>
        <p>
          Signing in on this page needs JavaScript. From a terminal, send the token with each request:{" "}
          <code>curl -H "Authorization: Bearer $TOKEN" {path}</code>
        </p>
      </noscript>
    </div>
  );
}
