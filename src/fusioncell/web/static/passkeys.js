// Passkeys (W3C WebAuthn Level 2): asks the hub what to sign, the browser to sign it, and sends the answer back.
// Two places: [data-passkey=sign-in] on the sign-in page, where autofill offers passkeys too, and
// [data-passkey=register] on the account's page. Nothing is decided here, and nothing is built as HTML.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

async function ask(path, body, csrf) {
  const headers = { "Content-Type": "application/json" };
  if (csrf) headers["X-CSRF-Token"] = csrf;
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin" });
  const said = await answer.json();
  if (!answer.ok) throw new Error([said.detail, said.hint].filter(Boolean).join(" "));
  return said;
}

// What the browser answered, as the hub reads it (WebAuthn Level 3 §5.1.8 says the same of toJSON).
function plain(credential) {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: {} };
}

function tell(place, fault) {
  const error = place.querySelector("[data-passkey-error]");
  // The browser's own refusals: closed by the person, timed out, or none for this site.
  error.textContent = fault.name === "NotAllowedError" ? words("unused")
    : fault.name === "InvalidStateError" ? words("known") : fault.message;
  error.hidden = false;
}

let waiting = null;  // what autofill waits for; a browser has one request at a time

async function signIn(place, mediation) {
  if (waiting) waiting.abort();
  const mine = waiting = new AbortController();
  const options = await ask("/sign-in/passkey/options", {});
  const credential = await navigator.credentials.get({
    mediation,
    signal: mine.signal,
    publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: known(options.allowCredentials) },
  });
  const { location: next } = await ask("/sign-in/passkey", { answer: plain(credential), next: place.dataset.next });
  location.assign(next);
}

// Autofill: the passkeys stand among the e-mail field's suggestions. A challenge lasts five minutes; ask in time again.
async function offer(place) {
  if (!PublicKeyCredential.isConditionalMediationAvailable) return;
  if (!await PublicKeyCredential.isConditionalMediationAvailable()) return;
  // What the browser itself refuses here is not the person's doing, and is not told; what the hub refuses is.
  const mine = signIn(place, "conditional").catch((fault) => { if (!(fault instanceof DOMException)) tell(place, fault); });
  const again = setTimeout(() => offer(place), 240000);
  await mine;
  clearTimeout(again);
}

async function register(place) {
  const csrf = place.elements.csrf.value;
  const options = await ask("/account/passkeys/options", {}, csrf);
  const credential = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: known(options.excludeCredentials),
    },
  });
  const label = place.elements["passkey-label"].value.trim();
  const { location: next } = await ask("/account/passkeys", { answer: plain(credential), label }, csrf);
  location.assign(next);
}

for (const place of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  place.hidden = false;
  const signs = place.dataset.passkey === "sign-in";
  const go = place.querySelector("[data-passkey-go]");
  const act = async (event) => {
    event.preventDefault();
    go.disabled = true;
    place.querySelector("[data-passkey-error]").hidden = true;
    try {
      await (signs ? signIn(place) : register(place));
    } catch (fault) {
      if (fault.name !== "AbortError") tell(place, fault);
    }
    go.disabled = false;
  };
  if (signs) {
    go.addEventListener("click", act);
    offer(place).catch(() => {});
  } else {
    place.addEventListener("submit", act);
  }
}
