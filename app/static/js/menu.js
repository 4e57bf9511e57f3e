// An open menu closes on Escape, on a click outside and when the focus leaves it.

export default (details) => {
  const close = (back) => {
    if (!details.open) return;
    details.open = false;
    if (back) details.querySelector("summary").focus();
  };
  details.addEventListener("keydown", (event) => { if (event.key === "Escape") close(true); });
  details.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !details.contains(event.relatedTarget)) close();
  });
  document.addEventListener("click", (event) => { if (!details.contains(event.target)) close(); });
};
