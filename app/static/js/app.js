// Starts each behaviour a page names: data-behaviour says what, data-src where it is kept.
// Modules share nothing but what is handed to them here, so each can be cached under its fingerprint.

const random = () =>
  crypto.randomUUID
    ? crypto.randomUUID()
    : "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
        (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16));

const memory = {}; // where the browser refuses to keep anything, this page still remembers
const kept = (key, next) => {
  try {
    return (localStorage[key] = next(localStorage[key]));
  } catch {
    return (memory[key] = next(memory[key]));
  }
};

/** Puts the envelope of a learner's act around a body: who repeats it, when and in which order it was done. */
const envelope = (body, uuid) => {
  body.set("uuid", uuid);
  body.set("client_time", new Date().toISOString());
  body.set("seq", kept("seq", (last) => Number(last || 0) + 1));
  body.set("device", kept("device", (known) => known || random()));
  return body;
};

const attach = async (element) =>
  (await import(element.dataset.src)).default(element, { envelope, random, attach });

for (const element of document.querySelectorAll("[data-behaviour]")) attach(element);
