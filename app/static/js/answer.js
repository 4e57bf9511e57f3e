// Answers a question inside a lesson without leaving it. The server may answer with this form alone
// or with a whole page that holds it: only the form of the same id is taken.

export default (form, { envelope, random, attach }) => {
  let uuid = form.elements.uuid.value;
  let tried = false;
  let busy = false;

  // another answer is another act, even if the last one seemed to get lost
  form.addEventListener("input", () => {
    if (tried) form.elements.uuid.value = uuid = random();
    tried = false;
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = tried = true;
    try {
      const response = await fetch(form.action, {
        method: "POST",
        body: envelope(new URLSearchParams(new FormData(form)), uuid),
        headers: { "X-Fragment": form.id },
      });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.getElementById(form.id);
      if (!fresh) return form.submit();
      form.replaceWith(fresh);
      attach(fresh);
      const told = fresh.querySelector(".outcome, .error");
      if (told) told.focus();
    } catch {
      let note = form.querySelector("[data-note]");
      if (!note) {
        note = document.createElement("p");
        note.className = "error";
        note.dataset.note = "";
        form.querySelector("[data-action]").after(note);
      }
      note.setAttribute("role", "alert");
      note.textContent = form.dataset.failed;
    }
    busy = false;
  });
};
