// A button that opens the browser's print window; hidden where no script runs.

export default (button) => {
  button.hidden = false;
  button.addEventListener("click", () => print());
};
