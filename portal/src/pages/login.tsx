import { useEffect, useState } from "preact/hooks";
import { call, login } from "../api";
import { useAction } from "../data";
import { keepPage } from "../return";

export function Login() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [provider, setProvider] = useState("");
  const action = useAction();
  // Without an identity provider the answer is 404, and there is no button.
  useEffect(() => {
    call<{ name: string }>("GET", "/oidc").then((found) => setProvider(found.name), () => setProvider(""));
  }, []);
  const send = (event: Event) => {
    event.preventDefault();
    void action.run(() => login(name, password));
  };
  const wrong = action.error?.status === 401 ? action.error.text : action.error?.message;
  return (
    <main class="login" id="main">
      <form onSubmit={send} aria-labelledby="login-title">
        <h1 id="login-title">Vallum</h1>
        <p class="muted">Log in to see what runs, what is wrong with it, and what to do first.</p>
        <label for="login-name">Name</label>
        <input id="login-name" name="username" autocomplete="username" required autocapitalize="none" spellcheck={false} value={name}
          onInput={(e) => setName(e.currentTarget.value)} />
        <label for="login-password">Password</label>
        <input id="login-password" name="password" type="password" autocomplete="current-password" required value={password}
          aria-describedby="login-error" onInput={(e) => setPassword(e.currentTarget.value)} />
        <p id="login-error" role="alert" class="field-error">
          {wrong ?? ""}
        </p>
        <button type="submit" class="main" disabled={action.busy}>
          {action.busy ? "Logging in…" : "Log in"}
        </button>
        {provider && (
          <a class="button" href="/api/v1/oidc/login" onClick={keepPage}>
            Log in with {provider}
          </a>
        )}
        <p class="muted small">
          First start? The password of <code>admin</code> lies in a file whose path vallumd printed; it goes with the first login.
        </p>
      </form>
    </main>
  );
}
