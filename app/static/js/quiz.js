// A running quiz: each answer is saved when it changes, again and again until the server has it.
// What waits is also kept on this device, so that a closed tab loses nothing.

export default (form, { envelope, random }) => {
  const $ = (name) => document.querySelector(`[data-${name}]`);
  const sets = new Map(
    [...form.querySelectorAll("[data-question]")].map((set) => [set.dataset.question, set]));
  const shelf = `quiz:${form.dataset.attempt}`;
  const waiting = new Map(); // question id -> the body to send, as text
  let busy = false;
  let over = false;
  let pause = 0;

  const inputs = (set) => [...set.querySelectorAll("input:not([type=hidden])")];
  const isGiven = (input) => (input.type === "text" ? input.value.trim() : input.checked);

  const keep = () => {
    try {
      for (const key of Object.keys(localStorage)) if (key.startsWith("quiz:")) delete localStorage[key];
      if (waiting.size) localStorage[shelf] = JSON.stringify([...waiting]);
    } catch { /* storage refused: the page still holds them */ }
  };

  const words = (element, number) => {
    element.textContent = element.dataset.words.replace("#", number);
    element.hidden = !number;
  };

  const show = (saved) => {
    words($("waiting"), waiting.size);
    if (saved !== undefined) {
      words($("saved"), saved);
      $("saved-bar").value = saved;
    }
    let open = 0;
    for (const [id, set] of sets) {
      const answered = inputs(set).some(isGiven);
      const dot = $(`dot="${CSS.escape(id)}"`);
      if (dot) dot.classList.toggle("answered", answered);
      if (!answered) open += 1;
    }
    $("left").textContent = open ? form.dataset.unanswered.replace("#", open) : "";
  };

  // only the difference between the server's clock and ours matters
  let ahead = form.dataset.now ? Date.parse(form.dataset.now) - Date.now() : 0;

  const send = async () => {
    if (busy || over || !waiting.size) return;
    busy = true;
    const [id, body] = waiting.entries().next().value;
    try {
      const response = await fetch(form.dataset.save, {
        method: "POST",
        body: new URLSearchParams(body),
        headers: { Accept: "application/json" },
      });
      if (response.status >= 500 || response.status === 429) throw new Error("again");
      if (!response.ok || response.redirected) {
        // time is up, or signed out: the server's page says which
        over = true;
        if (!response.redirected) waiting.clear();
        keep();
        location.reload();
        return;
      }
      ahead = Date.parse(response.headers.get("Date")) - Date.now() || ahead;
      const told = response.status === 204 ? {} : await response.json();
      if (waiting.get(id) === body) waiting.delete(id);
      pause = 0;
      keep();
      show(told.saved);
    } catch {
      pause = Math.min(pause * 2 || 1000, 30000);
    }
    busy = false;
    setTimeout(send, pause);
  };

  const changed = (id) => {
    const body = new URLSearchParams({ question: id });
    for (const input of inputs(sets.get(id))) if (isGiven(input)) body.append(input.name, input.value);
    waiting.delete(id);
    waiting.set(id, String(envelope(body, random())));
    keep();
    show();
    send();
  };

  const timers = new Map();
  form.addEventListener("input", ({ target }) => {
    const id = target.closest("[data-question]").dataset.question;
    clearTimeout(timers.get(id));
    timers.set(id, setTimeout(changed, target.type === "text" ? 600 : 0, id));
  });

  // what a closed tab left behind
  try {
    for (const [id, body] of JSON.parse(localStorage[shelf] || "[]")) {
      if (!sets.has(id)) continue;
      const sent = new URLSearchParams(body);
      for (const input of inputs(sets.get(id))) {
        if (input.type === "text") input.value = sent.get(input.name) || "";
        else input.checked = sent.getAll(input.name).includes(input.value);
      }
      waiting.set(id, body);
    }
  } catch { /* nothing readable */ }

  addEventListener("online", () => { pause = 0; send(); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  addEventListener("beforeunload", (event) => { if (waiting.size && !over) event.preventDefault(); });
  // Enter in a short answer must not hand in the whole quiz
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.type === "text") event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    if (navigator.onLine) {
      over = true; // the form itself carries every answer
      for (const [name, value] of envelope(new URLSearchParams(), form.elements.uuid.value)) {
        if (name === "uuid") continue;
        const field = document.createElement("input");
        Object.assign(field, { type: "hidden", name, value });
        form.append(field);
      }
    } else {
      event.preventDefault();
      $("left").textContent = form.dataset.offline;
    }
  });

  // whoever was faster than this script is saved all the same
  const isTouched = (input) =>
    input.type === "text" ? input.value !== input.defaultValue : input.checked !== input.defaultChecked;
  for (const [id, set] of sets) if (!waiting.has(id) && inputs(set).some(isTouched)) changed(id);

  if (form.dataset.deadline) {
    const end = Date.parse(form.dataset.deadline);
    let last;
    const tick = () => {
      const left = Math.max(0, Math.ceil((end - Date.now() - ahead) / 1000));
      $("timer").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      $("timer").parentElement.classList.toggle("late", left <= 60);
      for (const minutes of [5, 1]) {
        if (left <= minutes * 60 && last > minutes * 60) {
          $("spoken").textContent = form.dataset.minutesLeft.replace("#", minutes);
        }
      }
      last = left;
      if (left) setTimeout(tick, 1000);
      else if (navigator.onLine && !over) form.requestSubmit ? form.requestSubmit() : form.submit();
    };
    tick();
  }

  show();
  send();
};
