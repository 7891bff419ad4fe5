// A form with data-passkey asks the browser for a passkey and carries its answer to the collector.
// Nothing is decided here. Without scripts or passkeys the form stays hidden.
"use strict";

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const descriptors = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

const asked = {
  make: (options) =>
    navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: descriptors(options.excludeCredentials),
      },
    }),
  show: (options) =>
    navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        allowCredentials: descriptors(options.allowCredentials),
      },
    }),
};

const PARTS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];

const answerOf = (credential) => {
  const response = {};
  for (const part of PARTS) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  const id = text(credential.rawId);
  return { id, rawId: id, type: credential.type, response, clientExtensionResults: {} };
};

// The sentences come with the form, in the language of whoever reads.
const SAID = {
  NotAllowedError: "notAllowed",
  InvalidStateError: "invalidState",
  SecurityError: "security",
};

const ask = async (form) => {
  const button = form.querySelector("button");
  const trouble = form.querySelector("[role=alert]");
  button.disabled = true;
  trouble.hidden = true;
  try {
    const credential = await asked[form.dataset.passkey](JSON.parse(form.dataset.options));
    form.elements.credential.value = JSON.stringify(answerOf(credential));
    form.submit();
  } catch (error) {
    trouble.textContent = form.dataset[SAID[error.name] || "otherwise"];
    trouble.hidden = false;
    button.disabled = false;
  }
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form);
  });
}
